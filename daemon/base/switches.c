#include "base/switches.h"

#include <stdio.h>
#include <string.h>

static unsigned off; /* written once, before there are threads */

static const struct {
    const char *name;
    unsigned mask;
} names[] = {
    {"sections", KD_SWITCH_SECTIONS},
    {"cover", KD_SWITCH_COVER},
    {"difference", KD_SWITCH_DIFFERENCE},
    {"alone", KD_SWITCH_ALONE},
    {"bounds", KD_SWITCH_BOUNDS},
    {"transforms", KD_SWITCH_TRANSFORMS},
    {"runs", KD_SWITCH_RUNS},
    {"stack", KD_SWITCH_STACK},
    {"reuse", KD_SWITCH_REUSE},
    {"direct", KD_SWITCH_DIRECT},
    {"gpu-cells", KD_SWITCH_GPU_CELLS},
    {"gpu-batches", KD_SWITCH_GPU_BATCHES},
    {"all", KD_SWITCHES_ALL},
};

bool kd_switches_parse(const char *text, unsigned *mask, char *bad, size_t bad_bytes)
{
    static const char separators[] = ", ";

    *mask = 0;
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        unsigned found = 0;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strlen(names[i].name) == length && memcmp(names[i].name, text, length) == 0)
                found = names[i].mask;
        if (!found) {
            snprintf(bad, bad_bytes, "%.*s", (int)(length < 32 ? length : 32), text);
            return false;
        }
        *mask |= found;
        text += length;
    }
    return true;
}

void kd_switches_set_off(unsigned mask)
{
    off = mask;
}

bool kd_switch_is_on(enum kd_switch which)
{
    return !(off & which);
}

#include "server/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int64_t kd_simulated_draw_ns(const char *list, const char *title)
{
    size_t title_bytes = strlen(title);

    while (*list) {
        size_t entry_bytes = strcspn(list, ",");
        const char *colon = memchr(list, ':', entry_bytes);

        if (colon && (size_t)(colon - list) == title_bytes && memcmp(list, title, title_bytes) == 0)
            return strtol(colon + 1, NULL, 10) * KD_NS_PER_MS;
        list += entry_bytes + (list[entry_bytes] == ',');
    }
    return 0;
}

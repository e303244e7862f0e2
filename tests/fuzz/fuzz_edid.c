/* Any bytes as an EDID, once as they are and once with a header that agrees: whatever a display
 * says, its name is a line of printable ASCII and its size is whole. */
#include "output/edid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz_edid: %s\n", what);
    abort();
}

static void try_bytes(const uint8_t *bytes, size_t size)
{
    struct kd_edid edid;
    int error;

    memset(&edid, 0xa5, sizeof(edid));
    error = kd_edid_parse(bytes, size, &edid);
    if (error) {
        require(error == -EINVAL, "what is no EDID is refused");
        require(edid.name[0] == '\0' && edid.width_mm == 0 && edid.height_mm == 0 &&
                    !edid.checksum_ok,
                "and says nothing");
        return;
    }
    size_t length = strnlen(edid.name, sizeof(edid.name));
    require(length > 0 && length < sizeof(edid.name), "a name has an end");
    for (size_t i = 0; i < length; i++)
        require(edid.name[i] >= 0x20 && edid.name[i] < 0x7f, "a name can be printed");
    require((edid.width_mm == 0) == (edid.height_mm == 0), "a size has both sides");
    require(edid.width_mm <= 4095 && edid.height_mm <= 4095, "a size is what the bits can say");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t header[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    uint8_t *bytes = malloc(size ? size : 1); /* exactly as large as the input */

    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    try_bytes(bytes, size);
    memcpy(bytes, header, size < sizeof(header) ? size : sizeof(header));
    try_bytes(bytes, size);
    free(bytes);
    return 0;
}

/* Finding the SDL that the program uses: Debian's, or one that came with a Python wheel under a name of its own. */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

static int is_sdl(struct dl_phdr_info *info, size_t size, void *context)
{
    const char **path = context;
    const char *slash = strrchr(info->dlpi_name, '/');
    (void)size;
    if (strncmp(slash != NULL ? slash + 1 : info->dlpi_name, "libSDL2-2", 9) != 0)
        return 0;
    *path = info->dlpi_name;
    return 1;
}

static void *find_sdl(void)
{
    static void *sdl; /* never closed: the program's SDL stays as long as we do */
    const char *path = NULL;
    if (sdl == NULL && dl_iterate_phdr(is_sdl, &path) == 1)
        sdl = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    return sdl;
}

void *sdl2_real(void **found, const char *name)
{
    if (*found != NULL)
        return *found;
    void *sdl = find_sdl();
    *found = sdl != NULL ? dlsym(sdl, name) : NULL;
    if (*found == NULL) {
        sdl2_say("this program's SDL has no %s(); kmsblit needs SDL 2.0.18 or later", name);
        _Exit(127);
    }
    return *found;
}

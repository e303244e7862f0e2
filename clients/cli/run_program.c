/* What can be known of a program before it runs. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

int cli_run_find(const char *name, char *path, size_t size, const char **why)
{
    bool has_folder = strchr(name, '/') != NULL;
    const char *at = has_folder ? "" : getenv("PATH");
    int status = CLI_RUN_NOT_FOUND;
    struct stat info;
    *why = "there is no such program";
    while (at != NULL) {
        size_t here = strcspn(at, ":");
        snprintf(path, size, "%.*s%s%s", (int)here, at, has_folder ? "" : "/", name);
        if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
            if (access(path, X_OK) == 0)
                return 0;
            status = CLI_RUN_CANNOT_RUN;
            *why = "may not be run: see its permissions";
        }
        at = at[here] != '\0' ? at + here + 1 : NULL;
    }
    return status;
}

/* Whether an ELF file names no dynamic linker. Its header and program headers are at its beginning. */
static bool is_static(const uint8_t *bytes, size_t count)
{
    const Elf64_Ehdr *elf64 = (const void *)bytes;
    const Elf32_Ehdr *elf32 = (const void *)bytes;
    if (count < sizeof(*elf64) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return false;
    bool wide = bytes[EI_CLASS] == ELFCLASS64;
    size_t at = wide ? elf64->e_phoff : elf32->e_phoff;
    size_t step = wide ? elf64->e_phentsize : elf32->e_phentsize;
    size_t headers = wide ? elf64->e_phnum : elf32->e_phnum;
    for (; headers > 0; headers--, at += step) {
        uint32_t type;
        if (at > count - sizeof(type))
            return false; /* unusual; nothing is claimed */
        memcpy(&type, bytes + at, sizeof(type));
        if (type == PT_INTERP)
            return false;
    }
    return true;
}

const char *cli_run_obstacle(const char *path)
{
    uint8_t begin[4096] __attribute__((aligned(8)));
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd >= 0 ? read(fd, begin, sizeof(begin)) : -1;
    bool known = fd >= 0 && fstat(fd, &info) == 0;
    if (fd >= 0)
        close(fd);
    if (count > 0 && is_static(begin, (size_t)count))
        return "it is linked statically, so that no library can take SDL's place";
    if (known && (info.st_mode & (S_ISUID | S_ISGID)) != 0)
        return "it is set-user-ID or set-group-ID, and for such programs no library can take SDL's place, unless they "
               "are Python's";
    return NULL;
}

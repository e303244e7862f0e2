/* Buffer objects: parts of one sparse file, so that an offset to be mapped, the GPU's address, and a place in our own mapping are the same number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stub.h"

#define SPAN_BYTES  (3ull << 30)
#define OBJECTS_MAX 65536
#define HANDLES_MAX 65536
#define PAGE_BYTES  4096u

static int memory_fd = -1;
static uint8_t *memory;
static uint32_t top = 0x10000; /* no object has address 0 */
static struct object objects[OBJECTS_MAX];
static uint32_t objects_count = 1;

static void stop(const char *why)
{
    fprintf(stderr, "videocore stub: %s\n", why);
    abort();
}

int stub_memory_fd(void)
{
    if (memory_fd >= 0)
        return memory_fd;
    memory_fd = memfd_create("videocore-memory", MFD_CLOEXEC);
    if (memory_fd < 0 || ftruncate(memory_fd, SPAN_BYTES))
        stop("no memory file");
    memory = (uint8_t *)syscall(SYS_mmap, NULL, SPAN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                                memory_fd, 0);
    if (memory == MAP_FAILED)
        stop("the memory file cannot be mapped");
    return memory_fd;
}

void *stub_memory(uint32_t address)
{
    return address >= 0x10000 && address < top ? memory + address : NULL;
}

struct object *stub_object(const struct node *node, uint32_t handle)
{
    if (handle >= HANDLES_MAX || !node->objects || node->objects[handle] == 0)
        return NULL;
    return &objects[node->objects[handle]];
}

/* One that was given back and has the size, or new memory. */
static uint32_t find_room(uint32_t size_bytes)
{
    for (uint32_t i = 1; i < objects_count; i++)
        if (objects[i].references == 0 && objects[i].size_bytes == size_bytes)
            return i;
    if (objects_count == OBJECTS_MAX || size_bytes > SPAN_BYTES - top)
        stop("out of memory for buffer objects");
    objects[objects_count].address = top;
    objects[objects_count].size_bytes = size_bytes;
    top += size_bytes;
    return objects_count++;
}

static uint32_t add_handle(struct node *node, uint32_t index)
{
    if (!node->objects)
        node->objects = calloc(HANDLES_MAX, sizeof(*node->objects));
    for (uint32_t handle = 1; node->objects && handle < HANDLES_MAX; handle++)
        if (node->objects[handle] == 0) {
            node->objects[handle] = index;
            objects[index].references++;
            return handle;
        }
    stop("out of handles");
    return 0;
}

uint32_t stub_create(struct node *node, uint64_t size_bytes)
{
    uint64_t rounded = (size_bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    uint32_t index;

    stub_memory_fd();
    if (rounded == 0 || rounded > SPAN_BYTES)
        stop("a buffer object of a size that cannot be");
    index = find_room((uint32_t)rounded);
    objects[index].modifier = 0;
    objects[index].dmabuf_inode = 0;
    objects[index].texture_samples = 0;
    memset(memory + objects[index].address, 0, rounded);
    return add_handle(node, index);
}

int stub_close(struct node *node, uint32_t handle)
{
    struct object *object = stub_object(node, handle);

    if (!object)
        return EINVAL;
    object->references--;
    node->objects[handle] = 0;
    return 0;
}

static uint64_t inode_of(int fd)
{
    struct stat state;

    return syscall(SYS_fstat, fd, &state) ? 0 : state.st_ino;
}

int stub_export(struct node *node, uint32_t handle, int *fd)
{
    struct object *object = stub_object(node, handle);

    if (!object)
        return ENOENT;
    *fd = memfd_create("videocore-dmabuf", MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, object->size_bytes))
        return ENOMEM;
    /* Who closes it is not seen: what was exported once is never given back. */
    if (object->dmabuf_inode == 0)
        object->references++;
    object->dmabuf_inode = inode_of(*fd);
    return 0;
}

int stub_import(struct node *node, int fd, uint32_t *handle)
{
    uint64_t inode = inode_of(fd);
    uint32_t index = 0;

    for (uint32_t i = 1; i < objects_count; i++)
        if (objects[i].references && objects[i].dmabuf_inode == inode)
            index = i;
    if (inode == 0 || index == 0)
        return EBADF;
    /* A file knows an object by one handle only. */
    for (uint32_t i = 1; node->objects && i < HANDLES_MAX; i++)
        if (node->objects[i] == index) {
            *handle = i;
            return 0;
        }
    *handle = add_handle(node, index);
    return 0;
}

uint64_t stub_memory_bytes(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 1; i < objects_count; i++)
        sum += objects[i].references ? objects[i].size_bytes : 0;
    return sum;
}

bool stub_is_object(uint32_t address)
{
    for (uint32_t i = 1; i < objects_count; i++)
        if (objects[i].references && objects[i].address == address)
            return true;
    return false;
}

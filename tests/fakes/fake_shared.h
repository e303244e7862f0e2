/*
 * What can be read from the fd of a fake dma-buf.
 */
#ifndef FAKE_SHARED_H
#define FAKE_SHARED_H

#include <stdint.h>

#define FAKE_DMABUF_MAGIC UINT64_C(0x667562616d646166)

struct fake_dmabuf {
    uint64_t magic;
    uint8_t *bytes; /* in this process; borrowed from the card */
    uint64_t size;
};

#endif

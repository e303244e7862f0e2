/* What `kmsblit run` learns from the programs that it runs: a page of shared memory, made by the tool, that the library
 * below SDL adds to. It survives a program that is killed. */
#ifndef SDL2_COUNTERS_H
#define SDL2_COUNTERS_H

#include <stdint.h>

/* Names the file to be mapped: a memfd of this name, the last part being its descriptor. */
#define SDL2_COUNTERS_NAME     "kmsblit-run"
#define SDL2_COUNTERS_VARIABLE "KMSBLIT_RUN_COUNTERS"

struct sdl2_counters {
    uint64_t loads;     /* programs that the library was loaded into and that set up SDL's video */
    uint64_t refusals;  /* windows that were refused because they need OpenGL or Vulkan */
    uint64_t presents;  /* times that a program presented something */
    uint64_t frames;    /* frames that were sent */
    uint64_t identical; /* presents in which nothing had changed */
    uint64_t compared;  /* tiles that were compared */
    uint64_t changed;   /* tiles that differed, each time that one did */
    uint64_t sent;      /* tiles that were sent */
    uint64_t pixels;    /* pixels of the tiles that were sent */
    uint64_t added_ns;  /* what presenting took, without waiting */
    uint64_t added_cpu_ns;  /* and of the processor: less, where others used it meanwhile */
    uint64_t waited_ns;     /* what programs were held back so that they keep the display's pace */
    uint64_t slowest_ns;    /* the present that took longest, without waiting */
    uint32_t width, height; /* of the last picture */
};

#endif

/* Which tiles of a picture differ from those presented before. Pure: no SDL, no daemon. */
#ifndef SDL2_COMPARE_H
#define SDL2_COMPARE_H

#include <stddef.h>
#include <stdint.h>

/* A tile's side. Smaller ones find less that did not change, larger ones send more that did not. */
#define SDL2_TILE_PX    32
#define SDL2_TILE_BYTES (SDL2_TILE_PX * 4)

/* Pixels of 32 bits, whose highest byte means nothing. */
struct sdl2_rows {
    const uint8_t *pixels;
    size_t stride_bytes;
};

/* Compares one row, of `bytes` from the left edge of a tile on, with the same row of before. changed[i] becomes 1 where
 * tile i differs and stays as it is elsewhere; tiles that are 1 already are not looked at. */
typedef void sdl2_compare_row(const uint8_t *now, const uint8_t *before, size_t bytes,
                              uint8_t *changed);

/* The one that says what is right, and the one that is used: to the bit the same. */
sdl2_compare_row sdl2_compare_row_scalar, sdl2_compare_row_fast;

#endif

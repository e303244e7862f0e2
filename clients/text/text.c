/* Fonts and their glyphs, by FreeType. */
#include <errno.h>
#include <fcntl.h>
#include <ft2build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <freetype/freetype.h> /* needs what ft2build.h says */

#include "glyphs.h"

/* The font as it was left by a call that failed half way is closed all the same. */
static int fail(struct text_font *font, FT_Error error)
{
    text_close(font);
    return error == FT_Err_Out_Of_Memory ? -ENOMEM : -EINVAL;
}

/* FreeType does not tell why a file could not be opened. */
static int check_file(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

/* Fonts that are pixels have some sizes only: the one that is nearest. */
static FT_Error choose_size(FT_Face face, uint32_t size_px)
{
    if (FT_IS_SCALABLE(face))
        return FT_Set_Pixel_Sizes(face, 0, size_px);
    int best = 0, best_off = INT32_MAX;
    for (int i = 0; i < face->num_fixed_sizes; i++) {
        int off = abs((int)(face->available_sizes[i].y_ppem >> 6) - (int)size_px);
        if (off < best_off) {
            best = i;
            best_off = off;
        }
    }
    return FT_Select_Size(face, best);
}

/* Of 26.6 bits, upwards. */
static int32_t ceil_px(FT_Pos value)
{
    return (int32_t)((value + 63) >> 6);
}

/* Rounded as SDL_ttf and so pygame rounds them: layouts made for those fit. */
static void note_metrics(struct text_font *font)
{
    FT_Face face = font->face;
    const FT_Size_Metrics *size = &face->size->metrics;
    const bool scalable = FT_IS_SCALABLE(face);
    FT_Pos ascent = scalable ? FT_MulFix(face->ascender, size->y_scale) : size->ascender;
    FT_Pos descent = scalable ? FT_MulFix(face->descender, size->y_scale) : size->descender;
    FT_Pos line = scalable ? FT_MulFix(face->height, size->y_scale) : size->height;
    font->metrics = (struct text_metrics){
        .ascent_px = ceil_px(ascent),
        .descent_px = -ceil_px(descent),
        .height_px = ceil_px(ascent - descent),
        .line_px = ceil_px(line),
    };
    if (font->metrics.height_px < 1)
        font->metrics.height_px = 1;
    if (font->metrics.line_px < 1)
        font->metrics.line_px = font->metrics.height_px;
}

int text_open(const char *file, uint32_t size_px, struct text_font **font)
{
    *font = NULL;
    if (size_px < 1 || size_px > TEXT_SIZE_MOST_PX)
        return -EINVAL;
    int failed = check_file(file);
    if (failed < 0)
        return failed;
    struct text_font *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    FT_Error error = FT_Init_FreeType(&made->library);
    if (error == 0)
        error = FT_New_Face(made->library, file, 0, &made->face);
    if (error == 0)
        error = choose_size(made->face, size_px);
    if (error != 0)
        return fail(made, error);
    note_metrics(made);
    *font = made;
    return 0;
}

int text_open_bundled(const char *folder, enum text_face face, uint32_t size_px,
                      struct text_font **font)
{
    static const char *const names[] = {
        [TEXT_SANS] = "DejaVuSans.ttf",
        [TEXT_BOLD] = "DejaVuSans-Bold.ttf",
        [TEXT_MONO] = "DejaVuSansMono.ttf",
    };
    char file[4096];
    int length = snprintf(file, sizeof(file), "%s/%s", folder, names[face]);
    if (length < 0 || (size_t)length >= sizeof(file)) {
        *font = NULL;
        return -ENAMETOOLONG;
    }
    return text_open(file, size_px, font);
}

int text_program_folder(char *folder, size_t bytes)
{
    static const char *const places[] = {"fonts", "../share/kmsblit/fonts"};
    char own[2048];
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length <= 0)
        return -ENOENT;
    own[length] = '\0';
    char *slash = strrchr(own, '/');
    if (slash == NULL)
        return -ENOENT;
    *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int used = snprintf(folder, bytes, "%s/%s", own, places[i]);
        if (used > 0 && (size_t)used < bytes && access(folder, X_OK) == 0)
            return 0;
    }
    return -ENOENT;
}

void text_close(struct text_font *font)
{
    if (font == NULL)
        return;
    for (size_t i = 0; i < font->slots_count; i++) {
        if (font->slots[i] != NULL)
            free(font->slots[i]->pixels);
        free(font->slots[i]);
    }
    free(font->slots);
    if (font->face != NULL)
        FT_Done_Face(font->face);
    if (font->library != NULL)
        FT_Done_FreeType(font->library);
    free(font);
}

void text_metrics(const struct text_font *font, struct text_metrics *metrics)
{
    *metrics = font->metrics;
}

/* ---- Glyphs --------------------------------------------------------------------------------- */

uint32_t text_glyph_number(const struct text_font *font, uint32_t code, bool sharp)
{
    return (uint32_t)FT_Get_Char_Index(font->face, code) << 1 | sharp;
}

int32_t text_kerning(const struct text_font *font, uint32_t left, uint32_t right)
{
    FT_Vector by;
    if (!FT_HAS_KERNING(font->face) ||
        FT_Get_Kerning(font->face, left >> 1, right >> 1, FT_KERNING_DEFAULT, &by) != 0)
        return 0;
    return (int32_t)(by.x >> 6);
}

/* The first free slot, or the one that has it. There is always a free one. */
static struct text_glyph **slot_of(struct text_glyph **slots, size_t count, uint32_t number)
{
    size_t i = (number * 2654435761u) & (count - 1);
    while (slots[i] != NULL && slots[i]->number != number)
        i = (i + 1) & (count - 1);
    return &slots[i];
}

/* Keeps at least half of the slots free. */
static int grow(struct text_font *font)
{
    if (font->glyphs_count * 2 < font->slots_count)
        return 0;
    size_t count = font->slots_count == 0 ? 256 : font->slots_count * 2;
    struct text_glyph **slots = calloc(count, sizeof(struct text_glyph *));
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < font->slots_count; i++) {
        if (font->slots[i] != NULL)
            *slot_of(slots, count, font->slots[i]->number) = font->slots[i];
    }
    free(font->slots);
    font->slots = slots;
    font->slots_count = count;
    return 0;
}

static uint8_t alpha_at(const FT_Bitmap *bitmap, uint32_t x, uint32_t y)
{
    const uint8_t *row = bitmap->buffer + (ptrdiff_t)y * bitmap->pitch;
    switch (bitmap->pixel_mode) {
    case FT_PIXEL_MODE_MONO: return row[x >> 3] & 0x80 >> (x & 7) ? 255 : 0;
    case FT_PIXEL_MODE_GRAY: return row[x];
    case FT_PIXEL_MODE_BGRA: return row[x * 4 + 3]; /* a font with colours: their shape */
    default: return 0;
    }
}

/* Takes over what FreeType drew. A glyph that cannot be drawn has no pixels. */
static int take_pixels(struct text_glyph *glyph, FT_GlyphSlot slot)
{
    const FT_Bitmap *bitmap = &slot->bitmap;
    glyph->left = slot->bitmap_left;
    glyph->top = slot->bitmap_top;
    glyph->width = bitmap->width;
    glyph->height = bitmap->rows;
    if (glyph->width == 0 || glyph->height == 0)
        return 0;
    glyph->pixels = malloc((size_t)glyph->width * glyph->height);
    if (glyph->pixels == NULL)
        return -ENOMEM;
    for (uint32_t y = 0; y < glyph->height; y++) {
        for (uint32_t x = 0; x < glyph->width; x++)
            glyph->pixels[(size_t)y * glyph->width + x] = alpha_at(bitmap, x, y);
    }
    return 0;
}

static int draw(struct text_font *font, struct text_glyph *glyph)
{
    const bool sharp = glyph->number & 1;
    FT_Int32 load = sharp ? FT_LOAD_TARGET_MONO : FT_LOAD_TARGET_LIGHT;
    FT_Error error = FT_Load_Glyph(font->face, glyph->number >> 1, load);
    if (error == 0) {
        glyph->advance_px = (int32_t)((font->face->glyph->advance.x + 32) >> 6);
        error =
            FT_Render_Glyph(font->face->glyph, sharp ? FT_RENDER_MODE_MONO : FT_RENDER_MODE_NORMAL);
    }
    if (error == FT_Err_Out_Of_Memory)
        return -ENOMEM;
    return error == 0 ? take_pixels(glyph, font->face->glyph) : 0;
}

int text_glyph_get(struct text_font *font, uint32_t number, const struct text_glyph **glyph)
{
    int error = grow(font);
    if (error < 0)
        return error;
    struct text_glyph **slot = slot_of(font->slots, font->slots_count, number);
    if (*slot == NULL) {
        struct text_glyph *made = calloc(1, sizeof(*made));
        if (made == NULL)
            return -ENOMEM;
        made->number = number;
        error = draw(font, made);
        if (error < 0) {
            free(made);
            return error;
        }
        *slot = made;
        font->glyphs_count++;
    }
    *glyph = *slot;
    return 0;
}

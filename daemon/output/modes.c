#include "output/modes.h"

#include <inttypes.h>
#include <stdio.h>

/* 50 Hz, with room for what drivers round. */
#define SMOOTH_MHZ 49500
#define USUAL_MHZ  60000
#define SAME_MHZ   500 /* a wish for 60 Hz is met by 59.94 */

uint32_t kd_mode_refresh_mhz(uint32_t clock_khz, uint16_t htotal, uint16_t vtotal, bool interlaced,
                             bool doublescan, uint16_t vscan)
{
    uint64_t pixels = (uint64_t)htotal * vtotal * (doublescan ? 2 : 1) * (vscan > 1 ? vscan : 1);
    uint64_t mhz;

    if (pixels == 0)
        return 0;
    mhz = ((uint64_t)clock_khz * 1000000 * (interlaced ? 2 : 1) + pixels / 2) / pixels;
    /* Panels behind SPI say a clock of 1 kHz because some clock has to be said. */
    return mhz < 1000 || mhz > UINT32_MAX ? 0 : (uint32_t)mhz;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static int64_t area_px(const struct kd_mode *mode)
{
    return (int64_t)mode->width_px * mode->height_px;
}

/* One that has nothing better than itself to look for: an unknown refresh is as fast as it goes. */
static bool is_smooth(const struct kd_mode *mode)
{
    return !mode->interlaced && (mode->refresh_mhz == 0 || mode->refresh_mhz >= SMOOTH_MHZ);
}

static uint32_t apart_mhz(uint32_t a_mhz, uint32_t b_mhz)
{
    return a_mhz > b_mhz ? a_mhz - b_mhz : b_mhz - a_mhz;
}

/* Within 2 %: 1366x768 is 16:9. */
static bool same_shape(const struct kd_mode *a, const struct kd_mode *b)
{
    int64_t left = (int64_t)a->width_px * b->height_px, right = (int64_t)b->width_px * a->height_px;
    int64_t apart = left > right ? left - right : right - left;

    return apart * 50 <= right;
}

/* What a mode is judged by, in the order of weight: the first difference decides. */
struct score {
    int64_t points[6];
};

static bool is_better(const struct score *a, const struct score *b)
{
    for (size_t i = 0; i < sizeof(a->points) / sizeof(a->points[0]); i++)
        if (a->points[i] != b->points[i])
            return a->points[i] > b->points[i];
    return false;
}

/* For a display that is to decide itself. preferred: what it would like, or NULL. */
static struct score score_free(const struct kd_mode *mode, const struct kd_mode *preferred)
{
    return (struct score){{is_smooth(mode), preferred && same_shape(mode, preferred),
                           preferred && area_px(mode) <= area_px(preferred), area_px(mode),
                           !mode->interlaced, -(int64_t)apart_mhz(mode->refresh_mhz, USUAL_MHZ)}};
}

/* An unknown refresh is what every wish gets. */
static bool has_refresh(const struct kd_mode *mode, uint32_t refresh_mhz)
{
    return refresh_mhz == 0 || mode->refresh_mhz == 0 ||
           apart_mhz(mode->refresh_mhz, refresh_mhz) <= SAME_MHZ;
}

/* For a wish with a size. Who asks for a size that the display has gets it however slow it is; near
 * another size there may be a smooth one. */
static struct score score_wish(const struct kd_mode *mode, const struct kd_mode_wish *wish)
{
    int64_t wide = (int64_t)mode->width_px - wish->width_px;
    int64_t high = (int64_t)mode->height_px - wish->height_px;
    int64_t away_px = (wide < 0 ? -wide : wide) + (high < 0 ? -high : high);
    bool slow_is_fine = away_px == 0 || (wish->refresh_mhz && wish->refresh_mhz < SMOOTH_MHZ);
    bool fits = wish->refresh_mhz ? has_refresh(mode, wish->refresh_mhz) : is_smooth(mode);
    bool liked = !wish->refresh_mhz && mode->preferred;
    uint32_t wanted_mhz = wish->refresh_mhz ? wish->refresh_mhz : USUAL_MHZ;

    return (struct score){{slow_is_fine || is_smooth(mode), -away_px, fits, !mode->interlaced,
                           liked, -(int64_t)apart_mhz(mode->refresh_mhz, wanted_mhz)}};
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool is_usable(const struct kd_mode *mode)
{
    return mode->width_px > 0 && mode->height_px > 0;
}

/* Of several the first smooth one. */
static const struct kd_mode *find_preferred(const struct kd_mode *modes, size_t count)
{
    const struct kd_mode *preferred = NULL;

    for (size_t i = 0; i < count; i++)
        if (is_usable(&modes[i]) && modes[i].preferred &&
            (!preferred || (!is_smooth(preferred) && is_smooth(&modes[i]))))
            preferred = &modes[i];
    return preferred;
}

/* With a refresh wished for, only modes that have it; NULL if there is none. Without: any. */
static const struct kd_mode *find_free(const struct kd_mode *modes, size_t count,
                                       const struct kd_mode *preferred, uint32_t refresh_mhz)
{
    const struct kd_mode *best = NULL;
    struct score best_score = {{0}};

    for (size_t i = 0; i < count; i++) {
        struct score score;

        if (!is_usable(&modes[i]) || !has_refresh(&modes[i], refresh_mhz))
            continue;
        score = score_free(&modes[i], preferred);
        if (!best || is_better(&score, &best_score)) {
            best = &modes[i];
            best_score = score;
        }
    }
    return best;
}

static const struct kd_mode *find_wish(const struct kd_mode *modes, size_t count,
                                       const struct kd_mode_wish *wish)
{
    const struct kd_mode *best = NULL;
    struct score best_score = {{0}};

    for (size_t i = 0; i < count; i++) {
        struct score score;

        if (!is_usable(&modes[i]))
            continue;
        score = score_wish(&modes[i], wish);
        if (!best || is_better(&score, &best_score)) {
            best = &modes[i];
            best_score = score;
        }
    }
    return best;
}

/* ---- Saying why ------------------------------------------------------------------------------ */

#define MODE_BYTES 64

static const char *mode_text(char text[MODE_BYTES], int32_t width_px, int32_t height_px,
                             uint32_t refresh_mhz, bool interlaced)
{
    char hz[24] = "";

    if (refresh_mhz)
        snprintf(hz, sizeof(hz), "%s%" PRIu32 ".%03" PRIu32 " Hz", width_px ? " at " : "",
                 refresh_mhz / 1000, refresh_mhz % 1000);
    if (width_px)
        snprintf(text, MODE_BYTES, "%" PRId32 "x%" PRId32 "%s%s", width_px, height_px, hz,
                 interlaced ? " interlaced" : "");
    else
        snprintf(text, MODE_BYTES, "%s", hz);
    return text;
}

static const char *say(char text[MODE_BYTES], const struct kd_mode *mode)
{
    return mode_text(text, mode->width_px, mode->height_px, mode->refresh_mhz, mode->interlaced);
}

static void why_free(const struct kd_mode *chosen, const struct kd_mode *preferred, size_t count,
                     char *why, size_t why_bytes)
{
    char mode[MODE_BYTES], other[MODE_BYTES];

    say(mode, chosen);
    if (count == 1)
        snprintf(why, why_bytes, "%s: the display's only mode", mode);
    else if (chosen == preferred && is_smooth(chosen))
        snprintf(why, why_bytes, "%s: the display's preferred mode", mode);
    else if (chosen == preferred)
        snprintf(why, why_bytes,
                 "%s: the display's preferred mode, and it has no progressive one of 50 Hz or more",
                 mode);
    else if (preferred)
        snprintf(why, why_bytes, "%s: the best of 50 Hz or more, as the preferred mode is %s", mode,
                 say(other, preferred));
    else
        snprintf(why, why_bytes, "%s: the best, as the display prefers none", mode);
}

static void why_wish(const struct kd_mode *chosen, const struct kd_mode_wish *wish, char *why,
                     size_t why_bytes)
{
    char mode[MODE_BYTES], wished[MODE_BYTES];
    bool has_size = !wish->width_px ||
                    (chosen->width_px == wish->width_px && chosen->height_px == wish->height_px);

    say(mode, chosen);
    mode_text(wished, wish->width_px, wish->height_px, wish->refresh_mhz, false);
    if (has_size && has_refresh(chosen, wish->refresh_mhz))
        snprintf(why, why_bytes, "%s: as configured", mode);
    else
        snprintf(why, why_bytes,
                 "%s: the nearest to the configured %s, which the display does not have", mode,
                 wished);
}

static const struct kd_mode *choose_free(const struct kd_mode *modes, size_t count,
                                         const struct kd_mode *preferred)
{
    const struct kd_mode *best;

    if (preferred && is_smooth(preferred))
        return preferred;
    best = find_free(modes, count, preferred, 0);
    /* Interlaced or slow, but so is all that the display has. */
    return preferred && best && !is_smooth(best) ? preferred : best;
}

/* The size that would be chosen anyway, if it has the refresh; else one that has it, if any has. */
static const struct kd_mode *choose_refresh(const struct kd_mode *modes, size_t count,
                                            const struct kd_mode *preferred, uint32_t refresh_mhz)
{
    const struct kd_mode *best = choose_free(modes, count, preferred), *other;

    if (!best)
        return NULL;
    best = find_wish(modes, count,
                     &(struct kd_mode_wish){best->width_px, best->height_px, refresh_mhz});
    other = has_refresh(best, refresh_mhz) ? NULL : find_free(modes, count, preferred, refresh_mhz);
    return other ? other : best;
}

int kd_mode_choose(const struct kd_mode *modes, size_t count, const struct kd_mode_wish *wish,
                   char *why, size_t why_bytes)
{
    const struct kd_mode *preferred = find_preferred(modes, count);
    bool has_size = wish->width_px > 0 && wish->height_px > 0;
    const struct kd_mode *chosen = has_size ? find_wish(modes, count, wish)
                                   : wish->refresh_mhz
                                       ? choose_refresh(modes, count, preferred, wish->refresh_mhz)
                                       : choose_free(modes, count, preferred);

    if (!chosen) {
        snprintf(why, why_bytes, "the display has no modes");
        return -1;
    }
    if (has_size || wish->refresh_mhz)
        why_wish(chosen, wish, why, why_bytes);
    else
        why_free(chosen, preferred, count, why, why_bytes);
    return (int)(chosen - modes);
}

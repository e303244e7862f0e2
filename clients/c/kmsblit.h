/*
 * libkmsblit: draw games through kmsblitd.
 *
 * A program connects to the daemon, hands over its images once, makes a window, and then sends
 * whole frames: lists of fills and blits, built in place and committed as one atomic batch.
 *
 *    struct kb_display *display;
 *    struct kb_window *window;
 *    struct kb_image *alien;
 *
 *    if (kb_connect(NULL, "hello", &display) < 0 ||
 *        kb_window_create(display, &(struct kb_window_info){.width = 320, .height = 240,
 *                         .scale = KB_SCALE_INTEGER}, &window) < 0 ||
 *        kb_image_load(display, "alien.png", &alien) < 0)
 *        errx(1, "%s", kb_last_error());
 *    for (int x = 0; x < 320; x++) {
 *        kb_clear(window);
 *        kb_blit(window, alien, NULL, x, 100);
 *        if (kb_flip(window, NULL) < 0)
 *            errx(1, "%s", kb_last_error());
 *    }
 *    kb_disconnect(display);
 *
 * Functions return 0 (or what they say) on success and -errno on failure; kb_last_error() then has
 * a sentence about it. Drawing functions that only add to a frame return nothing: a frame that ran
 * out of memory, or drew a destroyed image, is refused as a whole by kb_flip() or kb_commit().
 *
 * Functions that wait return -EINTR when a signal handler ran meanwhile, so that a program can be
 * interrupted. Nothing is lost then and the call may be repeated: kb_commit() has not sent the
 * frame; kb_flip() either has not, or sends nothing when it is called again before anything new was
 * drawn; kb_window_create() leaves no window behind; kb_clock_step() goes on waiting for the step
 * that is under way and begins no other.
 *
 * A daemon that goes away is looked for, by every call that waits and by kb_dispatch(), for
 * $KMSBLIT_RECONNECT seconds (30; 0: not at all). Meanwhile nothing fails: calls that need an answer
 * wait. A daemon that comes back is told of all images, windows and canvases, and of the last frame
 * of each window if that began with kb_clear() or with a fill of the whole window; unanswered
 * frames are sent again and answered once. What only the daemon had is lost: see kb_next_lost(). For
 * this, the library keeps the pixels of all images: as much memory again as they need in the
 * daemon, at least 4 KiB each, but no open file. A shared image is told as its memory is then.
 *
 * A display and everything made from it belong to one thread at a time, and not to a child after
 * fork(). Colours are 0xAARRGGBB, straight (not premultiplied). Coordinates are pixels of the
 * window's logical size; x grows to the right, y downwards; anything may lie partly or wholly
 * outside.
 */
#ifndef KMSBLIT_H
#define KMSBLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The enums, flags and records of the protocol (struct kb_rect, enum kb_format, enum kb_blend, enum
 * kb_scale, ...), generated from the protocol's description. */
#include "kmsblit_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KB_API __attribute__((visibility("default")))
#else
#define KB_API
#endif

struct kb_display; /* a connection to the daemon */
struct kb_image;   /* pixels that frames can draw */
struct kb_window;  /* something that is shown, and the frame being built for it */
struct kb_frame;   /* the frame being built for a window or canvas */

/* ---- Errors and versions -------------------------------------------------------------------- */

/* What went wrong in this thread's last failing call, as a sentence that says what to do. Never
 * NULL. Valid until the thread's next failing call. */
KB_API const char *kb_last_error(void);

/* "0.1.0": the library's version. */
KB_API const char *kb_version(void);

/* ---- The connection ------------------------------------------------------------------------- */

/* Connects to the daemon at socket_path; NULL is $KMSBLIT_SOCKET where that is set, else the first that exists of
 * $XDG_RUNTIME_DIR/kmsblit.sock and /run/kmsblit/kmsblit.sock. name is the program's name for
 * logs and tools (NULL: the executable's). Waits at most 5 s for the daemon's welcome.
 * Errors: -ENOENT or -ECONNREFUSED no daemon there, -EACCES not allowed, -EPROTO not a kmsblitd,
 * -EPROTONOSUPPORT it speaks another version, -ETIMEDOUT no answer, -ENAMETOOLONG path too long. */
KB_API int kb_connect(const char *socket_path, const char *name, struct kb_display **display);

/* Closes the connection and frees everything made from it. NULL is allowed. */
KB_API void kb_disconnect(struct kb_display *display);

/* For event loops: poll this fd for reading, then call kb_dispatch(display, 0). Requests other than
 * frames are buffered: kb_flush() before the loop sleeps. The fd is the library's own (an epoll) and
 * stays the same when the connection is made anew; only poll it. */
KB_API int kb_get_fd(const struct kb_display *display);

/* Handles what the daemon sent. Waits up to timeout_ms for something (0: not at all, -1: for ever).
 * Returns the number of events handled (that the daemon came back counts as one); -EPIPE when the
 * daemon is gone (for good: every call fails then). */
KB_API int kb_dispatch(struct kb_display *display, int timeout_ms);

/* How long to look for a daemon that went away, for programs that do not want $KMSBLIT_RECONNECT's;
 * 0: not at all. Best called before images are made: with 0 they need no memory here. -EINVAL. */
KB_API int kb_set_reconnect(struct kb_display *display, unsigned seconds);

/* After the daemon came back: the next canvas or window whose picture is lost, since only the daemon
 * had it; the other pointer gets NULL. Draw it anew. Each is told once. Returns 1, or 0: no more.
 * Ask after each kb_flip(), or whatever else may wait: it costs nothing when nothing was lost. */
KB_API int kb_next_lost(struct kb_display *display, struct kb_image **canvas,
                        struct kb_window **window);

/* Ends the connection now: every call fails from here on. All handles, and the memory of shared
 * images, stay until kb_disconnect(). */
KB_API void kb_shutdown(struct kb_display *display);

/* Sends what is still buffered. Everything that waits does so by itself. */
KB_API int kb_flush(struct kb_display *display);

/* Waits until the daemon has checked every request sent so far. If it refused any since the last
 * time that was asked, returns the first one's error (-EINVAL, -ENOMEM, -EDQUOT quota, -EPERM,
 * -ENOSYS not implemented, -EBADF, -EIO), with the daemon's sentence in kb_last_error(). */
KB_API int kb_sync(struct kb_display *display);

/* What the daemon said of itself: "kmsblitd 0.1.0". Valid as long as the display. */
KB_API const char *kb_server_name(const struct kb_display *display);

/* Where the daemon was found. Valid as long as the display. */
KB_API const char *kb_socket_path(const struct kb_display *display);

/* What this client may do (enum kb_permission bits). */
KB_API uint32_t kb_permissions(const struct kb_display *display);

struct kb_output_info {
    uint32_t id;
    int32_t x, y;           /* position among the outputs */
    uint32_t width, height; /* pixels, after rotation */
    uint64_t refresh_ns;    /* 0: not paced */
    uint32_t flags;         /* enum kb_output_flag */
    char name[65];          /* "HDMI-A-1" */
    char description[257];
};

/* The number of outputs there are now; info of the index-th (-EINVAL if there is none). */
KB_API size_t kb_output_count(const struct kb_display *display);
KB_API int kb_output_get(const struct kb_display *display, size_t index,
                         struct kb_output_info *info);

/* ---- Images --------------------------------------------------------------------------------- */

struct kb_image_info {
    uint32_t width, height;  /* 1..16384 pixels */
    enum kb_format format;   /* 0 is KB_FORMAT_ARGB8888 */
    size_t stride_bytes;     /* 0: rows without gaps */
    const uint32_t *palette; /* of format p8 only: 1 to 256 colours, 0xAARRGGBB; copied */
    size_t palette_count;
    bool has_color_key; /* pixels of the colour color_key, 0x00RRGGBB, are transparent */
    uint32_t color_key;
};

/* Hands over a picture once. pixels is copied before the function returns; the image never changes.
 * Errors: -EINVAL a size, stride or format that cannot be, -ENOMEM, -EMFILE, -EDQUOT too many
 * objects. What the daemon finds later (-EDQUOT its quota, -ENOSYS a format that it cannot do yet)
 * comes out of kb_sync() and kb_commit(). */
KB_API int kb_image_create(struct kb_display *display, const struct kb_image_info *info,
                           const void *pixels, struct kb_image **image);

/* Makes an image that the program keeps drawing into. Its memory begins as zeros: see
 * kb_image_pixels(). */
KB_API int kb_image_create_shared(struct kb_display *display, const struct kb_image_info *info,
                                  struct kb_image **image);

/* A shared image's memory, and its stride if stride_bytes is not NULL. NULL for other images. Wait
 * with kb_image_wait() before writing after an update: the daemon may still be reading. */
KB_API void *kb_image_pixels(struct kb_image *image, size_t *stride_bytes);

/* Tells that these rectangles of a shared image have been drawn into (count 0: all of it). Frames
 * committed earlier do not see it, later ones do. */
KB_API int kb_image_update(struct kb_image *image, const struct kb_rect *rects, size_t count);

/* Waits until the daemon has read the last update. */
KB_API int kb_image_wait(struct kb_image *image);

/* Loads a PNG file of any kind (8 or 16 bits, grey, palette, interlaced; becomes ARGB8888, or
 * XRGB8888 if it has no alpha).
 * Errors: that of opening the file, -EINVAL not a PNG or damaged, -E2BIG over 16384 pixels. */
KB_API int kb_image_load(struct kb_display *display, const char *path, struct kb_image **image);

/* The same, of a PNG in memory. */
KB_API int kb_image_load_memory(struct kb_display *display, const void *png, size_t png_bytes,
                                struct kb_image **image);

KB_API void kb_image_size(const struct kb_image *image, uint32_t *width, uint32_t *height);

/* The image's id on the wire, for records made by hand (kb_frame_append). */
KB_API uint32_t kb_image_id(const struct kb_image *image);

/* Frames committed before keep the pixels. NULL is allowed. */
KB_API void kb_image_destroy(struct kb_image *image);

/* ---- Windows -------------------------------------------------------------------------------- */

struct kb_window_info {
    uint32_t width, height; /* logical size, 1..8192 pixels */
    uint32_t base_color;    /* of the bars, and what a clear frame starts from; alpha is ignored */
    enum kb_scale scale;
    enum kb_filter filter;
    uint32_t flags; /* enum kb_window_flag */
    int32_t z;
    uint32_t output;      /* an output's id; 0: the primary one */
    struct kb_rect place; /* in output pixels; empty: all of the output */
    const char *title;    /* NULL: the program's name */
};

/* Makes a window; it is shown from its first frame on. Waits for the daemon's answer, so that the
 * window's place is known.
 * Errors: -EINVAL, -ENOMEM, -EDQUOT too many objects. */
KB_API int kb_window_create(struct kb_display *display, const struct kb_window_info *info,
                            struct kb_window **window);

/* Changes the fields named by the mask (enum kb_window_field); takes effect after the frames
 * committed before. */
KB_API int kb_window_set(struct kb_window *window, uint32_t fields,
                         const struct kb_window_info *info);

/* The cursor's image while the pointer is over the window, from the next refresh on: at most 256x256
 * pixels, of which (hot_x, hot_y) points. NULL: the default. It is taken as it is now, and shown
 * unscaled. Keep the image: if the daemon restarts, it is told of it again. */
KB_API int kb_window_set_cursor(struct kb_window *window, const struct kb_image *image, int hot_x,
                                int hot_y);

/* No cursor over the window; or one again. */
KB_API int kb_window_hide_cursor(struct kb_window *window, bool hide);

struct kb_window_state {
    uint32_t output;        /* that paces the window; 0: none */
    uint32_t flags;         /* enum kb_window_state_flag */
    struct kb_rect place;   /* on the output */
    struct kb_rect picture; /* where the scaled picture lies on the output */
};
KB_API void kb_window_get_state(const struct kb_window *window, struct kb_window_state *state);
KB_API void kb_window_size(const struct kb_window *window, uint32_t *width, uint32_t *height);

/* Frees the window and the frame being built for it. NULL is allowed. */
KB_API void kb_window_destroy(struct kb_window *window);

/* ---- Canvases ------------------------------------------------------------------------------- */

/* Makes a canvas: an image that frames are drawn into, and that frames of windows and of other
 * canvases can draw. It begins transparent, and keeps premultiplied colours with alpha. All that is
 * said of images holds for it too; kb_image_destroy() frees it.
 * Errors: -EINVAL, -ENOMEM, -EDQUOT too many objects. */
KB_API int kb_canvas_create(struct kb_display *display, uint32_t width, uint32_t height,
                            struct kb_image **canvas);

/* Sends the frame built so far in kb_canvas_frame() and begins a new, empty one. Needs no credit:
 * whatever is committed afterwards sees it. serial (may be NULL) gets the frame's number. Errors as
 * kb_commit(), and -EINVAL if the image is no canvas. Use kb_flush() to have it sent now; windows'
 * frames do that by themselves. */
KB_API int kb_canvas_commit(struct kb_image *canvas, uint32_t *serial);

/* Waits until all frames of this canvas have been drawn. There is no need to: a program that makes
 * them faster than they are drawn may want to. Errors: those of kb_sync(). */
KB_API int kb_canvas_wait(struct kb_image *canvas);

/* ---- Drawing: each adds to a frame being built ---------------------------------------------- */

/* The frame being built for a window or a canvas (NULL if the image is none). Valid as long as
 * that. */
KB_API struct kb_frame *kb_window_frame(struct kb_window *window);
KB_API struct kb_frame *kb_canvas_frame(struct kb_image *canvas);

/* Starts the frame anew from the window's base colour (a canvas: from transparent), forgetting what
 * was drawn into it so far. */
KB_API void kb_draw_clear(struct kb_frame *frame);

/* Fills a rectangle (NULL: all of the window or canvas) with a colour. */
KB_API void kb_draw_fill(struct kb_frame *frame, const struct kb_rect *rect, uint32_t color,
                         enum kb_blend blend);

/* Zeros mean: over, opaque, no tint, no flip, not filtered. */
struct kb_blit_options {
    enum kb_blend blend;
    uint8_t transparency; /* 255 - alpha: 0 leaves the image as it is */
    uint8_t flags;        /* enum kb_blit_flag; bilinear is for transformed blits */
    uint32_t tint;        /* 0xFFRRGGBB multiplied into the colours; 0 is none */
};

/* Draws an image (source NULL: all of it; options NULL: plainly), its top left corner at (x, y). A
 * canvas cannot be drawn into itself. */
KB_API void kb_draw_blit(struct kb_frame *frame, const struct kb_image *image,
                         const struct kb_rect *source, int32_t x, int32_t y,
                         const struct kb_blit_options *options);

/* A matrix in 16.16 fixed point that maps the target to the image: the point (X, Y) shows the
 * image's (xx*X + xy*Y + x0, yx*X + yy*Y + y0). Pixels have their centres at halves. */
#define KB_FIXED_ONE 65536
struct kb_transform {
    kb_fixed xx, xy, x0;
    kb_fixed yx, yy, y0;
};

/* Draws an image turned, scaled or sheared: what of its source rectangle (NULL: all of it) the
 * matrix finds. */
KB_API void kb_draw_transformed(struct kb_frame *frame, const struct kb_image *image,
                                const struct kb_rect *source, const struct kb_transform *transform,
                                const struct kb_blit_options *options);

/* The same in words: the source's point (pivot_x, pivot_y), counted from its top left corner, comes
 * to lie on the target's point (x, y); around it the image is scaled and then turned by `angle`
 * degrees counter-clockwise. A negative scale mirrors. scale_x 0 is 1, scale_y 0 is scale_x. */
struct kb_pose {
    double x, y;
    double angle;
    double scale_x, scale_y;
    double pivot_x, pivot_y;
};

/* The matrix for a pose. -ERANGE: 16.16 bits cannot hold it, as for a picture that shrinks to
 * nothing. kb_draw_posed() then draws nothing. */
KB_API int kb_pose_transform(const struct kb_pose *pose, const struct kb_rect *source,
                             struct kb_transform *transform);
KB_API void kb_draw_posed(struct kb_frame *frame, const struct kb_image *image,
                          const struct kb_rect *source, const struct kb_pose *pose,
                          const struct kb_blit_options *options);

/* Limits the following commands of this frame to a rectangle; NULL: all of the target again. */
KB_API void kb_draw_clip(struct kb_frame *frame, const struct kb_rect *rect);

/* Room for units of 32 bytes at the end of the frame, to be filled at once by the caller with
 * records (struct kb_command_fill, _blit, _clip: one unit; _transformed_blit: two); NULL if memory
 * or the limit of 1,048,576 units ran out. Valid until the next call that draws. Unused units must
 * be taken back with kb_draw_trim(). */
KB_API void *kb_draw_append(struct kb_frame *frame, size_t units);
KB_API void kb_draw_trim(struct kb_frame *frame, size_t units);

/* All of these for windows, which most programs draw into. kb_fill() is opaque: it drops the
 * colour's alpha. */
KB_API void kb_clear(struct kb_window *window);
KB_API void kb_fill(struct kb_window *window, const struct kb_rect *rect, uint32_t color);
KB_API void kb_fill_with(struct kb_window *window, const struct kb_rect *rect, uint32_t color,
                         enum kb_blend blend);
KB_API void kb_blit(struct kb_window *window, const struct kb_image *image,
                    const struct kb_rect *source, int32_t x, int32_t y);
KB_API void kb_blit_with(struct kb_window *window, const struct kb_image *image,
                         const struct kb_rect *source, int32_t x, int32_t y,
                         const struct kb_blit_options *options);
KB_API void kb_blit_transformed(struct kb_window *window, const struct kb_image *image,
                                const struct kb_rect *source, const struct kb_transform *transform,
                                const struct kb_blit_options *options);
KB_API void kb_blit_posed(struct kb_window *window, const struct kb_image *image,
                          const struct kb_rect *source, const struct kb_pose *pose,
                          const struct kb_blit_options *options);
KB_API void kb_clip(struct kb_window *window, const struct kb_rect *rect);
KB_API void *kb_frame_append(struct kb_window *window, size_t units);
KB_API void kb_frame_trim(struct kb_window *window, size_t units);

/* ---- Showing -------------------------------------------------------------------------------- */

struct kb_presented {
    uint32_t serial; /* of the frame; 0: none yet */
    bool discarded;  /* hidden, or no output: applied, not shown */
    uint32_t flags;  /* enum kb_presented_flag */
    uint32_t output;
    uint64_t time_ns;    /* CLOCK_MONOTONIC */
    uint64_t refresh_ns; /* 0: not paced */
    uint64_t sequence;   /* the output's count of refreshes */
};

/* Sends the frame built so far as one batch and begins a new, empty one. Waits only while no credit
 * is free (two frames may be under way). serial (may be NULL) gets the frame's number.
 * Errors: those of kb_sync() if something sent earlier was refused (this frame is then still there,
 * and the next call sends it), -ENOMEM, -EMFILE, -E2BIG and -EINVAL for a frame that could not be
 * built (it is dropped), -EPIPE, -EINTR. */
KB_API int kb_commit(struct kb_window *window, uint32_t *serial);

/* kb_commit(), and then waits until a credit is free again, so that the program's next frame is
 * made while this one is drawn. presented (may be NULL) gets the last answer of this window, of an
 * earlier frame as a rule. */
KB_API int kb_flip(struct kb_window *window, struct kb_presented *presented);

/* Waits until the frame with this serial has been answered. presented (may be NULL) gets its answer
 * if it is among the window's last four, else the last one.
 * Errors: that of kb_sync() if the daemon refused the frame, -EINVAL never committed. */
KB_API int kb_wait(struct kb_window *window, uint32_t serial, struct kb_presented *presented);

/* Whether a frame of this window has been answered, without waiting. */
KB_API bool kb_is_answered(const struct kb_window *window, uint32_t serial);

/* The last answer of this window, without waiting. */
KB_API void kb_last_presented(const struct kb_window *window, struct kb_presented *presented);

/* Frames that may be committed now without waiting: 0..2. After the daemon came back, the picture
 * that it is told again takes a credit too. */
KB_API unsigned kb_credits(const struct kb_window *window);

/* ---- For tools and tests -------------------------------------------------------------------- */

/* A picture as XRGB8888 rows without gaps, in memory to be freed with free(). target_window NULL:
 * of the output with this id (0: the first); else the window's own picture at logical size.
 * Errors: -EPERM, -ENODEV nothing shown yet, -ENOMEM. */
KB_API int kb_screenshot(struct kb_display *display, uint32_t output,
                         const struct kb_window *target_window, uint32_t *width, uint32_t *height,
                         uint32_t **pixels);

/* Counters. scope and object as in the protocol; window scopes take kb_window_id(). Fills up to
 * capacity values, returns their number. */
KB_API int kb_statistics(struct kb_display *display, enum kb_statistics_scope scope,
                         uint32_t object, struct kb_statistic_value *values, size_t capacity);

/* What the daemon uses and why, as lines of text for people, to be freed with free(); NULL after an
 * error. -EPERM. */
KB_API int kb_describe(struct kb_display *display, char **text);

KB_API uint32_t kb_window_id(const struct kb_window *window);

/* Moves a virtual clock; waits until everything due has happened. -EPERM, or -ENOTSUP where the
 * clock is real. */
KB_API int kb_clock_step(struct kb_display *display, uint64_t duration_ns);

#ifdef __cplusplus
}
#endif
#endif

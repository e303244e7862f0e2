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

/* The same, for no longer than that (negative: for ever), even if the daemon is gone or hangs: -ETIMEDOUT. What was refused meanwhile comes out of
 * the next call. */
KB_API int kb_sync_within(struct kb_display *display, int timeout_ms);

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

/* Reads pixels back, of a rectangle within the image or (area NULL) of all of it: rows without gaps
 * of 0xAARRGGBB that are not premultiplied; 0 where the colour key is. Needs no daemon.
 * Errors: -EINVAL a canvas, or a rectangle that is not within, -ENODATA with KMSBLIT_RECONNECT=0. */
KB_API int kb_image_read(const struct kb_image *image, const struct kb_rect *area,
                         uint32_t *pixels);

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

/* ---- Input ---------------------------------------------------------------------------------- */

/*
 * Keys, pointer, fingers and gamepads come to the one window that has the focus, whichever program it is of.
 * A program takes its events one after the other: with kb_next_event() in every frame, with kb_wait_event(), or through
 * a function of its own that kb_dispatch() calls.
 *
 * What kb_key_down() and the other questions answer is as of the last event taken: events and answers always agree. Of a
 * program that takes no events nothing is pressed, unless it calls kb_pump().
 *
 * Everything that goes down also comes up: what is held when a window loses the focus, when its device is unplugged or
 * when the daemon goes away is released by events. Events that are not taken are kept, up to about a thousand.
 * Beyond that, motion is joined, and repeats, texts and presses that are over are forgotten, but never the release of
 * something whose press was taken; an event KB_EVENT_LOST says so.
 */
enum kb_event_type {
    KB_EVENT_KEY_DOWN = 1, /* key; again and again while it is held: see `repeat` */
    KB_EVENT_KEY_UP,
    KB_EVENT_TEXT,           /* text: what was typed, dead keys and compose keys put together */
    KB_EVENT_POINTER_MOTION, /* pointer */
    KB_EVENT_POINTER_DOWN,   /* pointer: a button */
    KB_EVENT_POINTER_UP,
    KB_EVENT_POINTER_ENTER, /* pointer: came over the window */
    KB_EVENT_POINTER_LEAVE,
    KB_EVENT_WHEEL,      /* wheel */
    KB_EVENT_TOUCH_DOWN, /* touch */
    KB_EVENT_TOUCH_MOTION,
    KB_EVENT_TOUCH_UP,
    KB_EVENT_TOUCH_CANCEL, /* it was not meant for this window after all */
    KB_EVENT_AXIS,         /* gamepad */
    KB_EVENT_BUTTON_DOWN,  /* gamepad */
    KB_EVENT_BUTTON_UP,
    KB_EVENT_DEVICE_ADDED,   /* device; kb_device_find() knows it from now on */
    KB_EVENT_DEVICE_REMOVED, /* device; kb_device_find() knows it until the next event */
    KB_EVENT_FOCUS_GAINED,   /* the window gets input from now on */
    KB_EVENT_FOCUS_LOST,
    KB_EVENT_CLOSE, /* somebody wants the game to end: it should, soon */
    KB_EVENT_LOST,  /* lost */
};

#define KB_EVENT_TEXT_BYTES 64

/* Of KB_EVENT_KEY_DOWN and _UP. */
struct kb_key_event {
    uint32_t code;      /* where the key is: KEY_A and so on of <linux/input-event-codes.h> */
    uint32_t keysym;    /* what it means with the modifiers: XKB's keysyms, XK_A */
    uint32_t base;      /* what it means without: XK_a */
    uint32_t modifiers; /* enum kb_modifier, in effect after this */
    bool repeat;
    char text[KB_EVENT_TEXT_BYTES]; /* what it types alone, or "" */
};

/* Of KB_EVENT_TEXT. */
struct kb_text_event {
    char text[KB_EVENT_TEXT_BYTES]; /* UTF-8 without control characters */
};

/* Of KB_EVENT_POINTER_... */
struct kb_pointer_event {
    double x, y;     /* in the window's logical pixels */
    double dx, dy;   /* motion of the mouse, not accelerated; while the pointer is locked too */
    uint32_t button; /* BTN_LEFT and so on of <linux/input-event-codes.h> */
};

/* Of KB_EVENT_WHEEL. */
struct kb_wheel_event {
    int32_t horizontal, vertical; /* 120 is one notch; to the right, towards the user */
    int32_t notches_x, notches_y; /* notches that are complete with this */
};

/* Of KB_EVENT_TOUCH_... */
struct kb_touch_event {
    int32_t finger; /* with the device, tells it from others that touch at the time */
    double x, y;
};

/* Of KB_EVENT_AXIS, KB_EVENT_BUTTON_DOWN and _UP. */
struct kb_gamepad_event {
    uint32_t axis;   /* enum kb_gamepad_axis, if the layout is known (see kb_device_info) */
    int32_t value;   /* -32768 to 32767 */
    uint32_t button; /* enum kb_gamepad_button, likewise */
};

/* Of KB_EVENT_LOST. */
struct kb_lost_event {
    uint64_t count; /* of events not handed over, in all */
};

#if defined(__GNUC__)
#define KB_UNION __extension__ union /* C99 has no union without a name */
#else
#define KB_UNION union
#endif

struct kb_event {
    enum kb_event_type type;
    uint32_t device;          /* its id; 0: of none, or made by the library */
    uint64_t time_ns;         /* CLOCK_MONOTONIC (a virtual clock: its own time); 0: unknown */
    struct kb_window *window; /* NULL: of none, or it has been destroyed */
    KB_UNION
    {
        struct kb_key_event key;
        struct kb_text_event text;
        struct kb_pointer_event pointer;
        struct kb_wheel_event wheel;
        struct kb_touch_event touch;
        struct kb_gamepad_event gamepad;
        struct kb_lost_event lost;
    };
};

/* Takes the next event, without waiting. Returns 1, or 0: there is none now. Before a loop of the program's
 * own sleeps on kb_get_fd(), it must have got 0 here. Errors: those of kb_dispatch(), once all events are taken;
 * -ECANCELED: the daemon's shortcut ended the program, as KB_EVENT_CLOSE said. */
KB_API int kb_next_event(struct kb_display *display, struct kb_event *event);

/* The same, but waits up to timeout_ms (-1: for ever). */
KB_API int kb_wait_event(struct kb_display *display, int timeout_ms, struct kb_event *event);

/* From now on kb_dispatch() takes the events and calls this function with each; NULL: no more. It may do anything
 * but kb_disconnect(). No other call than kb_dispatch() calls it. */
typedef void (*kb_event_handler)(struct kb_display *display, const struct kb_event *event,
                                 void *context);
KB_API void kb_set_event_handler(struct kb_display *display, kb_event_handler handler,
                                 void *context);

/* Brings the questions below up to date with all that has come, as if every event had been taken; they can still be
 * taken. For programs that only ask. Returns the number of events. Errors: as kb_next_event(). */
KB_API int kb_pump(struct kb_display *display);

/* The window that has the focus, or NULL. */
KB_API struct kb_window *kb_focus(const struct kb_display *display);

/* Whether the key of this code is held. */
KB_API bool kb_key_down(const struct kb_display *display, uint32_t code);

/* A key that is held, and what it meant (as in its event) when it went down. */
struct kb_held_key {
    uint32_t code, base;
};
/* Fills up to capacity of the keys that are held, by code; returns their number. */
KB_API size_t kb_keys_down(const struct kb_display *display, struct kb_held_key *keys,
                           size_t capacity);

/* Modifiers and locks in effect (enum kb_modifier). */
KB_API uint32_t kb_modifiers(const struct kb_display *display);

/* A key's name by its place on a US keyboard: "space", "left", "a", "left shift", "[5]" (on the key pad); NULL: it has
 * none. And its code; 0: no key is called that. */
KB_API const char *kb_key_name(uint32_t code);
KB_API uint32_t kb_key_from_name(const char *name);

/* How keys repeat: first after delay_ms, then `rate` times a second; either 0: never. -1 for both: as
 * the daemon's configuration says, as it is from the beginning. -EINVAL. */
KB_API int kb_set_key_repeat(struct kb_display *display, int delay_ms, int rate);
KB_API void kb_get_key_repeat(const struct kb_display *display, unsigned *delay_ms, unsigned *rate);

struct kb_pointer {
    double x, y;             /* where it was last, in the logical pixels of the window then */
    double moved_x, moved_y; /* all motion since connecting, as in `dx` and `dy` of events */
    uint32_t buttons;        /* bit 0: BTN_LEFT, 1: BTN_RIGHT, 2: BTN_MIDDLE, 3: BTN_SIDE, ... */
    bool inside;             /* over the window that has the focus */
};
KB_API void kb_pointer_get(const struct kb_display *display, struct kb_pointer *pointer);

struct kb_touch {
    uint32_t device;
    int32_t finger;
    double x, y;
};
/* Fills up to capacity of the touches there are, the oldest first; returns their number. */
KB_API size_t kb_touches(const struct kb_display *display, struct kb_touch *touches,
                         size_t capacity);

struct kb_device_info {
    uint32_t id;
    uint32_t capabilities; /* enum kb_device_capability: also whether a gamepad's layout is known */
    uint32_t axes, buttons; /* of a gamepad */
    uint16_t bus, vendor, product, version;
    char name[257];
};
/* The number of devices; info of the index-th, the oldest first, and of the one with this id (-EINVAL if there is
 * none). */
KB_API size_t kb_device_count(const struct kb_display *display);
KB_API int kb_device_get(const struct kb_display *display, size_t index,
                         struct kb_device_info *info);
KB_API int kb_device_find(const struct kb_display *display, uint32_t id,
                          struct kb_device_info *info);

/* An axis of a gamepad, -32768 to 32767, and a button. 0 and false: no such gamepad. */
KB_API int32_t kb_gamepad_axis(const struct kb_display *display, uint32_t device, uint32_t axis);
KB_API bool kb_gamepad_button(const struct kb_display *display, uint32_t device, uint32_t button);

/* Names of the axes and buttons of gamepads whose layout is known ("leftx", "a"); NULL and -1: there is none. */
KB_API const char *kb_axis_name(uint32_t axis);
KB_API const char *kb_button_name(uint32_t button);
KB_API int kb_axis_from_name(const char *name);
KB_API int kb_button_from_name(const char *name);

/* Lets a gamepad shake while a window of this program has the focus: its slow and its fast motor, 0 to
 * 65535, for at most 10 s. What the daemon finds comes out of kb_sync(). -EINVAL. */
KB_API int kb_gamepad_rumble(struct kb_display *display, uint32_t device, uint16_t strong,
                             uint16_t weak, uint32_t duration_ms);

/* Asks for the focus. The daemon gives it to a program that has it already, or if nobody has; else kb_sync()
 * returns an error. KB_EVENT_FOCUS_GAINED tells. */
KB_API int kb_window_focus(struct kb_window *window);

/* While the window has the focus: shortcuts of the daemon come as keys, but for those that end a game or
 * switch to another console. */
KB_API int kb_window_grab_keyboard(struct kb_window *window, bool grab);

/* While the window has the focus: the pointer stays where it is, and `dx` and `dy` of its motion tell
 * how the mouse is moved. */
KB_API int kb_window_lock_pointer(struct kb_window *window, bool lock);

/* ---- Starting programs ---------------------------------------------------------------------- */

/* A program that starts others can keep the screen as it is when one of them ends, so that nothing
 * flashes before it is started again, or before it is said what happened: `kmsblit run` does. What
 * the other's windows showed then stays, until a window of the next one shows something. */

/* Begins that with a token that nobody can guess, which programs get as $KMSBLIT_LAUNCH, in
 * hexadecimal; their library does the rest. With the same token again: what stayed goes. 0 ends it.
 * -EINVAL: somebody else has this token. */
KB_API int kb_launch(struct kb_display *display, uint64_t token);

/* The other side, for programs that did not get it by $KMSBLIT_LAUNCH: this program belongs to the launch with this token,
 * which is not 0. What the daemon finds comes out of kb_sync(): -EINVAL it belongs to one already. */
KB_API int kb_launched(struct kb_display *display, uint64_t token);

struct kb_launch_state {
    uint32_t clients; /* connections of such programs */
    uint32_t shown;   /* windows of theirs that show something */
    uint32_t left;    /* windows that stayed, and were not adopted */
};

/* As of what the daemon has told so far: kb_dispatch(). */
KB_API void kb_launch_get(const struct kb_display *display, struct kb_launch_state *state);

/* The topmost window that stayed becomes this program's own, as it looks: it can be drawn over.
 * info (NULL: not asked for): as the other had set it; the title is valid until kb_window_set(). -ENOTSUP: none stayed. */
KB_API int kb_window_adopt(struct kb_display *display, struct kb_window_info *info,
                           struct kb_window **window);

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

/* Acts as an input device, with types, codes and values of <linux/input-event-codes.h>. What was said takes effect at
 * EV_SYN. Coordinates of touches and EV_ABS of the pointer are 0 to 65535 over the primary output. Whatever is wrong
 * comes out of kb_sync(): -EPERM, -ENOSYS. */
KB_API int kb_inject(struct kb_display *display, enum kb_injected_device device, uint16_t type,
                     uint16_t code, int32_t value);

#ifdef __cplusplus
}
#endif
#endif

/* Setting up SDL's video means connecting to kmsblitd; the display that programs are told of is its first output. */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

static struct {
    struct kb_display *display; /* owned */
    bool gone;                  /* the daemon is, for good; or this is a child after fork() */
    struct sdl2_counters *counters;
} video;

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void sdl2_say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    fprintf(stderr, "kmsblit run: %s\n", line);
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t sdl2_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t sdl2_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* ---- Counters ------------------------------------------------------------------------------- */

/* The file that the tool made, or -1. *inherited: it is not ours to close. */
static int open_counters(bool *inherited)
{
    const char *path = getenv(SDL2_COUNTERS_VARIABLE), *slash;
    char link[64], target[64] = "";
    *inherited = false;
    if (path == NULL || (slash = strrchr(path, '/')) == NULL)
        return -1;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    snprintf(link, sizeof(link), "/proc/self/fd%s", slash);
    if (readlink(link, target, sizeof(target) - 1) < 0 ||
        strstr(target, SDL2_COUNTERS_NAME) == NULL)
        return -1;
    *inherited = true;
    return (int)strtol(slash + 1, NULL, 10);
}

static struct sdl2_counters *map_counters(void)
{
    bool inherited;
    int fd = open_counters(&inherited);
    if (fd < 0)
        return NULL;
    void *memory =
        mmap(NULL, sizeof(struct sdl2_counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!inherited)
        close(fd);
    return memory != MAP_FAILED ? memory : NULL;
}

struct sdl2_counters *sdl2_counters(void)
{
    static struct sdl2_counters nobodys; /* where the tool gave us none */
    if (video.counters == NULL)
        video.counters = map_counters();
    if (video.counters == NULL)
        video.counters = &nobodys;
    return video.counters;
}

/* ---- The connection ------------------------------------------------------------------------- */

struct kb_display *sdl2_display(void)
{
    return video.gone ? NULL : video.display;
}

bool sdl2_lock(void)
{
    return pthread_mutex_lock(&mutex) == 0;
}

void sdl2_unlock(bool *locked)
{
    if (*locked)
        pthread_mutex_unlock(&mutex);
}

pthread_mutex_t *sdl2_mutex(void)
{
    return &mutex;
}

void sdl2_give_up(void)
{
    if (video.gone)
        return;
    sdl2_say("%s", kb_last_error());
    video.gone = true;
    SDL_Event quit = {.type = SDL_QUIT};
    SDL2_REAL(SDL_PushEvent)(&quit);
}

/* The connection is the parent's, and so is the thread that may have held the lock. */
static void forget_in_child(void)
{
    const pthread_mutex_t fresh = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    mutex = fresh;
    video.gone = true;
    sdl2_windows_disown();
}

static int connect_to_daemon(void)
{
    static bool registered;
    SDL2_ALONE;
    if (video.display != NULL || video.gone)
        return 0;
    if (!registered && pthread_atfork(NULL, NULL, forget_in_child) == 0)
        registered = true;
    if (kb_connect(NULL, getenv("KMSBLIT_RUN_NAME"), &video.display) < 0) {
        sdl2_say("%s", kb_last_error());
        return SDL2_REAL(SDL_SetError)("%s", kb_last_error());
    }
    sdl2_counters()->loads++;
    return 0;
}

/* SDL draws into memory only, and in software, whatever the program's environment says. */
static int prepare(void)
{
    static const char *const hints[][2] = {
        {SDL_HINT_VIDEODRIVER, "dummy"},
        {SDL_HINT_RENDER_DRIVER, "software"},
        {SDL_HINT_RENDER_VSYNC, "0"},
        {SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"},
    };
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        setenv(hints[i][0], hints[i][1], 1);
        SDL2_REAL(SDL_SetHintWithPriority)(hints[i][0], hints[i][1], SDL_HINT_OVERRIDE);
    }
    return connect_to_daemon();
}

/* Windows that SDL destroyed with its video are gone here, too, and gamepads that it forgot. */
static void after_quit(void)
{
    sdl2_input_forget();
    if (SDL2_REAL(SDL_WasInit)(SDL_INIT_VIDEO) == 0)
        sdl2_windows_destroy();
}

int SDL_Init(Uint32 flags)
{
    int status = flags & SDL_INIT_VIDEO ? prepare() : 0;
    return status < 0 ? status : SDL2_REAL(SDL_Init)(flags);
}

int SDL_InitSubSystem(Uint32 flags)
{
    int status = flags & SDL_INIT_VIDEO ? prepare() : 0;
    return status < 0 ? status : SDL2_REAL(SDL_InitSubSystem)(flags);
}

int SDL_VideoInit(const char *driver_name)
{
    (void)driver_name;
    int status = prepare();
    return status < 0 ? status : SDL2_REAL(SDL_VideoInit)("dummy");
}

void SDL_VideoQuit(void)
{
    SDL2_REAL(SDL_VideoQuit)();
    after_quit();
}

void SDL_QuitSubSystem(Uint32 flags)
{
    SDL2_REAL(SDL_QuitSubSystem)(flags);
    after_quit();
}

void SDL_Quit(void)
{
    SDL2_REAL(SDL_Quit)();
    after_quit();
}

const char *SDL_GetCurrentVideoDriver(void)
{
    return SDL2_REAL(SDL_GetCurrentVideoDriver)() != NULL ? "kmsblit" : NULL;
}

/* ---- Displays and modes --------------------------------------------------------------------- */

/* Sizes that games ask for. Each is shown scaled, so each that is no larger than the display is a mode. */
static const struct {
    int width, height;
} usual_sizes[] = {
    {1920, 1080}, {1600, 900}, {1440, 900}, {1280, 1024}, {1280, 960}, {1280, 800},
    {1280, 720},  {1152, 864}, {1024, 768}, {1024, 600},  {960, 540},  {854, 480},
    {800, 600},   {800, 480},  {720, 480},  {640, 480},   {640, 400},  {640, 360},
    {512, 384},   {400, 300},  {320, 240},  {320, 200},
};

void sdl2_desktop_mode(SDL_DisplayMode *mode)
{
    struct kb_output_info info;
    SDL2_ALONE;
    *mode = (SDL_DisplayMode){
        .format = SDL_PIXELFORMAT_RGB888, .w = 1024, .h = 768, .refresh_rate = 60};
    if (sdl2_display() == NULL || kb_output_get(sdl2_display(), 0, &info) < 0)
        return; /* no display is plugged in */
    mode->w = (int)info.width;
    mode->h = (int)info.height;
    if (info.refresh_ns > 0)
        mode->refresh_rate = (int)((UINT64_C(1000000000) + info.refresh_ns / 2) / info.refresh_ns);
}

/* The index-th mode, the largest first; false: there are not so many. */
static bool find_mode(int index, SDL_DisplayMode *mode)
{
    SDL_DisplayMode desktop;
    sdl2_desktop_mode(&desktop);
    *mode = desktop;
    for (size_t i = 0; index > 0 && i < sizeof(usual_sizes) / sizeof(usual_sizes[0]); i++) {
        mode->w = usual_sizes[i].width;
        mode->h = usual_sizes[i].height;
        bool smaller = mode->w <= desktop.w && mode->h <= desktop.h &&
                       (mode->w < desktop.w || mode->h < desktop.h);
        if (smaller)
            index--;
    }
    return index == 0;
}

/* The same error as SDL's own. */
static int no_such_display(void)
{
    return SDL2_REAL(SDL_SetError)("displayIndex must be in the range 0 - 0");
}

int SDL_GetDesktopDisplayMode(int index, SDL_DisplayMode *mode)
{
    if (index != 0)
        return no_such_display();
    sdl2_desktop_mode(mode);
    return 0;
}

int SDL_GetCurrentDisplayMode(int index, SDL_DisplayMode *mode)
{
    return SDL_GetDesktopDisplayMode(index, mode);
}

int SDL_GetNumDisplayModes(int index)
{
    SDL_DisplayMode mode;
    int count = 0;
    if (index != 0)
        return no_such_display();
    while (find_mode(count, &mode))
        count++;
    return count;
}

int SDL_GetDisplayMode(int display, int index, SDL_DisplayMode *mode)
{
    if (display != 0)
        return no_such_display();
    if (index < 0 || !find_mode(index, mode))
        return SDL2_REAL(SDL_SetError)("index must be in the range of 0 - %d",
                                       SDL_GetNumDisplayModes(0) - 1);
    return 0;
}

/* The smallest mode that is large enough. */
SDL_DisplayMode *SDL_GetClosestDisplayMode(int display, const SDL_DisplayMode *mode,
                                           SDL_DisplayMode *closest)
{
    SDL_DisplayMode candidate;
    bool found = false;
    if (display != 0 || mode == NULL || closest == NULL) {
        no_such_display();
        return NULL;
    }
    for (int i = 0; find_mode(i, &candidate); i++) {
        if (candidate.w < mode->w || candidate.h < mode->h)
            continue;
        if (!found || candidate.w * candidate.h < closest->w * closest->h)
            *closest = candidate;
        found = true;
    }
    if (!found)
        return NULL;
    if (mode->format != 0)
        closest->format = mode->format;
    return closest;
}

int SDL_GetDisplayBounds(int index, SDL_Rect *rect)
{
    SDL_DisplayMode mode;
    if (index != 0)
        return no_such_display();
    sdl2_desktop_mode(&mode);
    if (rect != NULL)
        *rect = (SDL_Rect){.w = mode.w, .h = mode.h};
    return 0;
}

int SDL_GetDisplayUsableBounds(int index, SDL_Rect *rect)
{
    return SDL_GetDisplayBounds(index, rect);
}

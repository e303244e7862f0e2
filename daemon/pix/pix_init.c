#include "pix/pix_impl.h"

#define KD_LOG_MODULE "pix"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define CPU_ALL (KD_PIX_CPU_SSE2 | KD_PIX_CPU_AVX2 | KD_PIX_CPU_NEON)

static const struct {
    const char *name;
    unsigned cpu;
} cpu_names[] = {
    {"ref", 0},
    {"sse2", KD_PIX_CPU_SSE2},
    {"avx2", KD_PIX_CPU_AVX2},
    {"neon", KD_PIX_CPU_NEON},
};

unsigned kd_pix_cpu_detect(void)
{
    unsigned cpu = 0;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse2")) {
        cpu |= KD_PIX_CPU_SSE2;
    }
    if (__builtin_cpu_supports("avx2")) {
        cpu |= KD_PIX_CPU_AVX2;
    }
#elif defined(__aarch64__)
    cpu |= KD_PIX_CPU_NEON;
#elif defined(__arm__)
    if (getauxval(AT_HWCAP) & HWCAP_NEON) {
        cpu |= KD_PIX_CPU_NEON;
    }
#endif
    return cpu;
}

unsigned kd_pix_cpu_parse(const char *text, bool *unknown)
{
    unsigned cpu = 0;
    *unknown = false;
    if (text == NULL || text[0] == '\0') {
        return CPU_ALL;
    }
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        bool known = false;
        for (size_t i = 0; i < sizeof(cpu_names) / sizeof(cpu_names[0]); i++) {
            if (strlen(cpu_names[i].name) == length &&
                memcmp(cpu_names[i].name, text, length) == 0) {
                cpu |= cpu_names[i].cpu;
                known = true;
            }
        }
        *unknown = *unknown || !known;
        text += length;
        text += *text == ',';
    }
    return cpu;
}

void kd_pix_make(struct kd_pix *pix, unsigned cpu)
{
    *pix = kd_pix_ref_table;
    (void)cpu;
#if defined(__x86_64__) || defined(__i386__)
    if (cpu & KD_PIX_CPU_SSE2) {
        kd_pix_sse2(pix);
    }
    if (cpu & KD_PIX_CPU_AVX2) {
        kd_pix_avx2(pix);
    }
#endif
#ifdef KD_PIX_HAS_NEON
    if (cpu & KD_PIX_CPU_NEON) {
        kd_pix_neon(pix);
    }
#endif
}

const struct kd_pix *kd_pix_reference(void)
{
    return &kd_pix_ref_table;
}

static struct kd_pix chosen; /* written once, by choose() */
static pthread_once_t chosen_once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    bool unknown;
    const char *text = getenv("KMSBLIT_PIX");
    unsigned allowed = kd_pix_cpu_parse(text, &unknown);
    if (unknown) {
        char safe[64];
        kd_log_safe(safe, sizeof(safe), text, (uint32_t)strlen(text));
        KD_WARN("KMSBLIT_PIX=%s: use ref, or some of sse2, avx2, neon with commas between", safe);
    }
    kd_pix_make(&chosen, kd_pix_cpu_detect() & allowed);
}

const struct kd_pix *kd_pix_get(void)
{
    pthread_once(&chosen_once, choose);
    return &chosen;
}

#include "render/egl.h"
#include "render/egl_find.h"

#include <GLES2/gl2.h>
#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

START_TEST(gpus_are_paired_by_what_they_are)
{
    ck_assert(kd_gpu_is_paired("vc4", "v3d"));
    ck_assert(!kd_gpu_is_paired("v3d", "vc4"));
    ck_assert(!kd_gpu_is_paired("vc4", "panfrost"));
    ck_assert(kd_gpu_is_paired("rockchip", "lima"));
    ck_assert(!kd_gpu_is_paired("", "v3d"));
    ck_assert(!kd_gpu_is_paired("vc4", ""));
}
END_TEST

START_TEST(software_is_known_by_its_name)
{
    ck_assert(kd_gpu_is_software("llvmpipe (LLVM 15.0.6, 256 bits)"));
    ck_assert(kd_gpu_is_software("softpipe"));
    ck_assert(kd_gpu_is_software("virgl (LLVMPIPE (LLVM 15.0.6, 128 bits))"));
    ck_assert(kd_gpu_is_software("Software Rasterizer"));
    ck_assert(!kd_gpu_is_software("V3D 4.2"));
    ck_assert(!kd_gpu_is_software("VC4 V3D 2.1"));
    ck_assert(!kd_gpu_is_software("virgl"));
}
END_TEST

START_TEST(a_node_that_is_not_there_is_refused)
{
    const struct kd_egl_settings settings = {.render_node = "/nonexistent/renderD128",
                                             .software_ok = true};
    struct kd_egl *egl = NULL;
    char why[256] = "";

    ck_assert_int_eq(kd_egl_create(&settings, &egl, why, sizeof(why)), -ENODEV);
    ck_assert_ptr_null(egl);
    ck_assert_ptr_nonnull(strstr(why, "/nonexistent/renderD128"));
}
END_TEST

/* A context without a display, as the headless output has it. */
static struct kd_egl *create_any(void)
{
    const struct kd_egl_settings settings = {.software_ok = true};
    struct kd_egl *egl = NULL;
    char why[256] = "";

    ck_assert_msg(kd_egl_create(&settings, &egl, why, sizeof(why)) == 0, "%s", why);
    ck_assert_ptr_nonnull(strstr(why, kd_egl_renderer(egl)));
    return egl;
}

static void clear_and_read(uint32_t wanted)
{
    GLuint framebuffer, texture;
    uint32_t pixel = 0;

    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    glClearColor((float)(wanted & 0xFF) / 255, (float)(wanted >> 8 & 0xFF) / 255,
                 (float)(wanted >> 16 & 0xFF) / 255, (float)(wanted >> 24) / 255);
    glClear(GL_COLOR_BUFFER_BIT);
    glReadPixels(5, 5, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, &pixel);
    ck_assert_uint_eq(pixel, wanted);
}

START_TEST(a_context_is_used_and_made_anew)
{
    struct kd_egl *egl = create_any();
    int fence_fd = -2;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(kd_egl_enter(egl), 0);
        clear_and_read(0xFF204080);
        ck_assert_int_eq(kd_egl_submit(egl, &fence_fd), 0);
        ck_assert_int_ge(fence_fd, -1);
        if (fence_fd >= 0)
            close(fence_fd);
        ck_assert(!kd_egl_is_lost(egl));
        ck_assert_int_eq(kd_egl_renew(egl), 0);
        clear_and_read(0x80402010);
        kd_egl_leave(egl);
    }
    kd_egl_destroy(egl);
}
END_TEST

START_TEST(what_is_no_buffer_is_not_imported)
{
    struct kd_egl *egl = create_any();
    const struct kd_dmabuf none = {.fd = -1}, odd = {.fd = 0, .fourcc = 0x34325258};
    struct kd_egl_target target;

    ck_assert_int_eq(kd_egl_enter(egl), 0);
    ck_assert_int_eq(kd_egl_import(egl, &none, 64, 64, &target), -EOPNOTSUPP);
    ck_assert_int_eq(kd_egl_import(egl, &odd, 64, 64, &target), -EOPNOTSUPP);
    ck_assert_uint_eq(target.framebuffer, 0);
    kd_egl_leave(egl);
    kd_egl_destroy(egl);
    kd_egl_destroy(NULL);
}
END_TEST

Suite *egl_suite(void)
{
    Suite *suite = suite_create("egl");
    TCase *tc = tcase_create("egl");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, gpus_are_paired_by_what_they_are);
    tcase_add_test(tc, software_is_known_by_its_name);
    tcase_add_test(tc, a_node_that_is_not_there_is_refused);
    tcase_add_test(tc, a_context_is_used_and_made_anew);
    tcase_add_test(tc, what_is_no_buffer_is_not_imported);
    suite_add_tcase(suite, tc);
    return suite;
}

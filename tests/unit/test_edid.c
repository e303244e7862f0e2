/* What displays say of themselves: as real ones do, oddly, and with malice. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/edid.h"

#define BLOCK_BYTES 128

static uint8_t block[BLOCK_BYTES];
static struct kd_edid edid;

static void seal(void)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < BLOCK_BYTES - 1; i++)
        sum = (uint8_t)(sum + block[i]);
    block[BLOCK_BYTES - 1] = (uint8_t)-sum;
}

/* As the standard says it: three letters of five bits, big-endian; the product, little-endian. */
static void begin(const char *maker, uint16_t product, uint8_t width_cm, uint8_t height_cm)
{
    static const uint8_t header[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    unsigned letters = 0;

    memset(block, 0, sizeof(block));
    memcpy(block, header, sizeof(header));
    for (int i = 0; i < 3; i++)
        letters = letters << 5 | (unsigned)(maker[i] - 'A' + 1);
    block[8] = (uint8_t)(letters >> 8);
    block[9] = (uint8_t)letters;
    block[10] = (uint8_t)product;
    block[11] = (uint8_t)(product >> 8);
    block[18] = 1;
    block[19] = 3;
    block[21] = width_cm;
    block[22] = height_cm;
    for (int i = 0; i < 4; i++)
        block[54 + 18 * i + 3] = 0x10; /* nothing */
    seal();
}

/* 148.5 MHz, and so wide and high. */
static void add_timing(int place, uint16_t width_mm, uint16_t height_mm)
{
    uint8_t *timing = block + 54 + 18 * place;

    timing[0] = 0x02;
    timing[1] = 0x3a;
    timing[12] = (uint8_t)width_mm;
    timing[13] = (uint8_t)height_mm;
    timing[14] = (uint8_t)((width_mm >> 8) << 4 | height_mm >> 8);
    seal();
}

/* Up to 13 bytes; a shorter text ends with a newline and is filled with spaces. */
static void add_text(int place, uint8_t kind, const char *text)
{
    uint8_t *descriptor = block + 54 + 18 * place;
    size_t length = strlen(text);

    memset(descriptor, 0, 5);
    descriptor[3] = kind;
    memset(descriptor + 5, ' ', 13);
    memcpy(descriptor + 5, text, length);
    if (length < 13)
        descriptor[5 + length] = '\n';
    seal();
}

static void assert_edid(const char *name, uint32_t width_mm, uint32_t height_mm)
{
    ck_assert_int_eq(kd_edid_parse(block, sizeof(block), &edid), 0);
    ck_assert_str_eq(edid.name, name);
    ck_assert_uint_eq(edid.width_mm, width_mm);
    ck_assert_uint_eq(edid.height_mm, height_mm);
    ck_assert(edid.checksum_ok);
}

/* A whole block, as that of a Dell U2412M is laid out, without the functions above. */
static const uint8_t dell_u2412m[BLOCK_BYTES] = {
    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x10, 0xac, 0x7a, 0xa0, 0x4c, 0x43, 0x31, 0x30,
    0x15, 0x16, 0x01, 0x04, 0xa5, 0x34, 0x20, 0x78, 0x3a, 0xee, 0x95, 0xa3, 0x54, 0x4c, 0x99, 0x26,
    0x0f, 0x50, 0x54, 0xa1, 0x08, 0x00, 0x81, 0x40, 0x81, 0x80, 0xa9, 0x40, 0xb3, 0x00, 0xd1, 0xc0,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x28, 0x3c, 0x80, 0xa0, 0x70, 0xb0, 0x23, 0x40, 0x30, 0x20,
    0x36, 0x00, 0x06, 0x44, 0x21, 0x00, 0x00, 0x1a, 0x00, 0x00, 0x00, 0xff, 0x00, 0x30, 0x46, 0x46,
    0x58, 0x44, 0x32, 0x35, 0x48, 0x30, 0x31, 0x43, 0x4c, 0x0a, 0x00, 0x00, 0x00, 0xfc, 0x00, 0x44,
    0x45, 0x4c, 0x4c, 0x20, 0x55, 0x32, 0x34, 0x31, 0x32, 0x4d, 0x0a, 0x20, 0x00, 0x00, 0x00, 0xfd,
    0x00, 0x32, 0x3d, 0x1e, 0x53, 0x11, 0x00, 0x0a, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00,
};

START_TEST(test_a_monitor)
{
    memcpy(block, dell_u2412m, sizeof(block));
    seal();
    assert_edid("DELL U2412M", 518, 324);
    ck_assert_int_eq(kd_edid_parse(block, 256, &edid), 0); /* only the first block is read */
}
END_TEST

START_TEST(test_names)
{
    begin("GSM", 0x7707, 60, 34);
    add_timing(0, 600, 340);
    add_text(1, 0xfd, "\x30\x3d");
    add_text(2, 0xfc, "LG HDR 4K");
    assert_edid("LG HDR 4K", 600, 340); /* not LG LG */

    begin("SAM", 0x0dd1, 0, 0);
    add_text(3, 0xfc, "SAMSUNG");
    assert_edid("SAMSUNG", 0, 0);

    begin("BNQ", 1, 0, 0);
    add_text(0, 0xfc, "GL2450H and 1"); /* 13 bytes: no newline */
    assert_edid("BenQ GL2450H and 1", 0, 0);

    begin("ACR", 0xb00c, 0, 0); /* no text at all */
    assert_edid("Acer B00C", 0, 0);

    begin("WSX", 0x0001, 16, 9); /* a maker that is not known, and a ratio for a size */
    add_text(1, 0xfc, "7inch");
    assert_edid("WSX 7inch", 0, 0);

    begin("AUO", 0x1234, 0, 0); /* a notebook's panel: no name, but texts */
    add_text(1, 0xff, "serial");
    add_text(2, 0xfe, "AUO");
    add_text(3, 0xfe, "B140XW01 V8");
    ck_assert_int_eq(kd_edid_parse(block, sizeof(block), &edid), 0);
    ck_assert_str_eq(edid.name, "AU Optronics AUO");

    begin("RHT", 0x1234, 0, 0); /* the name wins, wherever it is */
    add_text(1, 0xfe, "text");
    add_text(2, 0xfc, "QEMU Monitor");
    assert_edid("Red Hat QEMU Monitor", 0, 0);

    begin("PHL", 0x00ff, 0, 0);
    add_text(1, 0xfc, "   FTV   ");
    add_text(2, 0xfc, "other"); /* the first one that says something */
    assert_edid("Philips FTV", 0, 0);
    add_text(1, 0xfc, "  ");
    assert_edid("Philips other", 0, 0);
}
END_TEST

START_TEST(test_sizes)
{
    begin("DEL", 1, 52, 32);
    assert_edid("Dell 0001", 520, 320); /* no timing */
    add_timing(0, 518, 324);
    assert_edid("Dell 0001", 518, 324);
    add_timing(0, 0, 324); /* a timing that does not say */
    assert_edid("Dell 0001", 520, 320);
    add_timing(0, 4095, 4095); /* all the bits */
    assert_edid("Dell 0001", 4095, 4095);
    add_timing(0, 160, 90); /* a ratio: the centimetres are better */
    assert_edid("Dell 0001", 520, 320);
    add_timing(0, 1600, 900);
    assert_edid("Dell 0001", 520, 320);
    add_timing(0, 154, 86); /* seven inches, really */
    assert_edid("Dell 0001", 154, 86);
    begin("DEL", 1, 79, 0); /* landscape, 16:9: a ratio since 1.4 */
    assert_edid("Dell 0001", 0, 0);
    begin("DEL", 1, 16, 10);
    add_timing(0, 16, 10);
    assert_edid("Dell 0001", 0, 0);
    begin("DEL", 1, 255, 255);
    add_text(0, 0xfc, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"); /* no timing */
    assert_edid("Dell ?????????????", 2550, 2550);
}
END_TEST

START_TEST(test_hostile_texts)
{
    begin("SNY", 1, 0, 0);
    add_text(1, 0xfc, "a\x1b[31mb\tc\x7f\xc3");
    assert_edid("Sony a?[31mb?c??", 0, 0);
    add_text(1, 0xfc, "");
    memset(block + 54 + 18 + 5, 0, 13); /* zeros for a newline */
    memcpy(block + 54 + 18 + 5, "TV", 2);
    seal();
    assert_edid("Sony TV", 0, 0);
    block[8] = block[9] = 0; /* no letters */
    seal();
    assert_edid("??? TV", 0, 0);
    block[8] = block[9] = 0xff;
    seal();
    assert_edid("??? TV", 0, 0);
}
END_TEST

START_TEST(test_no_edid)
{
    const struct kd_edid nothing = {0};

    begin("SNY", 1, 5, 5);
    for (size_t length = 0; length < BLOCK_BYTES; length++) {
        uint8_t *exact = malloc(length ? length : 1); /* so that reading on is seen */

        memcpy(exact, block, length);
        memset(&edid, 1, sizeof(edid));
        ck_assert_int_eq(kd_edid_parse(exact, length, &edid), -EINVAL);
        ck_assert_mem_eq(&edid, &nothing, sizeof(edid));
        free(exact);
    }
    for (size_t i = 0; i < 8; i++) {
        begin("SNY", 1, 5, 5);
        block[i] ^= 0x20;
        ck_assert_int_eq(kd_edid_parse(block, sizeof(block), &edid), -EINVAL);
    }
    ck_assert_int_eq(kd_edid_parse(NULL, 0, &edid), -EINVAL);
}
END_TEST

START_TEST(test_a_wrong_checksum)
{
    begin("SNY", 1, 50, 30);
    block[BLOCK_BYTES - 1]++;
    ck_assert_int_eq(kd_edid_parse(block, sizeof(block), &edid), 0);
    ck_assert(!edid.checksum_ok);
    ck_assert_str_eq(edid.name, "Sony 0001");
    ck_assert_uint_eq(edid.width_mm, 500);
}
END_TEST

START_TEST(test_any_bytes)
{
    srand(11);
    for (int round = 0; round < 20000; round++) {
        begin("SNY", 1, 50, 30);
        for (size_t i = round % 2 ? 54 : 8; i < BLOCK_BYTES; i++)
            block[i] = (uint8_t)(rand() >> 8);
        for (int i = 0; i < 4; i++)
            if (rand() % 2) {
                memset(block + 54 + 18 * i, 0, 5);
                block[54 + 18 * i + 3] = (uint8_t)(0xfc + rand() % 4);
            }
        ck_assert_int_eq(kd_edid_parse(block, sizeof(block), &edid), 0);
        size_t length = strnlen(edid.name, sizeof(edid.name));
        ck_assert(length > 0 && length < sizeof(edid.name));
        for (size_t i = 0; i < length; i++)
            ck_assert(edid.name[i] >= 0x20 && edid.name[i] < 0x7f);
        ck_assert(edid.width_mm <= 4095 && edid.height_mm <= 4095);
        ck_assert_int_eq(edid.width_mm == 0, edid.height_mm == 0);
    }
}
END_TEST

Suite *edid_suite(void);
Suite *edid_suite(void)
{
    Suite *suite = suite_create("edid");
    TCase *tcase = tcase_create("edid");

    tcase_add_test(tcase, test_a_monitor);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_sizes);
    tcase_add_test(tcase, test_hostile_texts);
    tcase_add_test(tcase, test_no_edid);
    tcase_add_test(tcase, test_a_wrong_checksum);
    tcase_add_test(tcase, test_any_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "output/cards.h"

/* ---- Sentences ------------------------------------------------------------------------------ */

struct text {
    char *out;
    size_t bytes, used;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    va_list arguments;
    int wanted;

    va_start(arguments, format);
    wanted = vsnprintf(text->out + text->used, text->bytes - text->used, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        text->used += (size_t)wanted;
    if (text->used >= text->bytes)
        text->used = text->bytes - 1;
}

static void say_name(struct text *text, const struct kd_card *card)
{
    if (card->driver[0])
        say(text, "%s (%s)", card->path, card->driver);
    else
        say(text, "%s", card->path);
}

static void say_connectors(struct text *text, const struct kd_card *card,
                           enum kd_connector_status status)
{
    const char *before = "";

    for (size_t i = 0; i < card->connectors_count; i++) {
        const struct kd_card_connector *connector = &card->connectors[i];

        if (!connector->is_desktop || connector->status != status)
            continue;
        say(text, "%s%s", before, connector->name);
        before = ", ";
    }
}

static size_t connectors_with(const struct kd_card *card, enum kd_connector_status status)
{
    size_t count = 0;

    for (size_t i = 0; i < card->connectors_count; i++)
        count += card->connectors[i].is_desktop && card->connectors[i].status == status;
    return count;
}

const char *kd_card_unusable(const struct kd_card *card)
{
    size_t desktop = 0;

    for (size_t i = 0; i < card->connectors_count; i++)
        desktop += card->connectors[i].is_desktop;
    if (card->error)
        return card->problem;
    if (!card->is_display)
        return "it only draws and has no display";
    if (card->connectors_count == 0)
        return "it has no connectors";
    if (desktop == 0)
        return "none of its connectors is for a display";
    if (!card->is_atomic)
        return "its driver has no atomic commits, which kmsblitd needs";
    if (!card->has_dumb)
        return "its driver gives no memory to draw into (dumb buffers)";
    return NULL;
}

/* What there is to say for a card that can be used. */
static void say_displays(struct text *text, const struct kd_card *card)
{
    size_t connected = connectors_with(card, KD_CONNECTED);
    size_t unknown = connectors_with(card, KD_CONNECTION_UNKNOWN);

    if (connected) {
        say_connectors(text, card, KD_CONNECTED);
        say(text, connected == 1 ? " is connected" : " are connected");
    } else if (unknown) {
        say(text, "it is not known whether a display is connected to ");
        say_connectors(text, card, KD_CONNECTION_UNKNOWN);
    } else {
        say(text, "nothing is connected to ");
        say_connectors(text, card, KD_DISCONNECTED);
    }
}

static void say_card(struct text *text, const struct kd_card *card)
{
    const char *unusable = kd_card_unusable(card);

    if (card->error) { /* names the file itself */
        say(text, "%s", card->problem);
        return;
    }
    say_name(text, card);
    say(text, ": ");
    if (unusable)
        say(text, "%s", unusable);
    else
        say_displays(text, card);
}

static void say_all(struct text *text, const struct kd_card *cards, size_t count, size_t but)
{
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        if (i == but)
            continue;
        say(text, "%s", before);
        say_card(text, &cards[i]);
        before = "; ";
    }
}

/* ---- The choice ----------------------------------------------------------------------------- */

static bool is_wished(const struct kd_card *card, const char *wish)
{
    return wish[0] == '\0' || strcmp(wish, card->path) == 0 || strcmp(wish, card->driver) == 0 ||
           (card->bus[0] && strcmp(wish, card->bus) == 0);
}

/* Nobody looks at vkms; the simple drivers only hold what the firmware set up until the real
 * driver comes. */
static bool is_stand_in(const struct kd_card *card)
{
    static const char *const names[] = {"vkms", "simpledrm", "ofdrm"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(card->driver, names[i]) == 0)
            return true;
    }
    return false;
}

/* The largest picture that a connected display wants: the same whatever the order of the cards. */
static int64_t wanted_px(const struct kd_card *card)
{
    int64_t most = 0;

    for (size_t i = 0; i < card->connectors_count; i++) {
        const struct kd_card_connector *connector = &card->connectors[i];

        for (size_t j = 0; connector->status == KD_CONNECTED && j < connector->modes_count; j++) {
            const struct kd_mode *mode = &connector->modes[j];
            int64_t pixels = (int64_t)mode->width_px * mode->height_px;

            if (mode->preferred && pixels > most)
                most = pixels;
        }
    }
    return most;
}

/* Above 0 if a is the better one. */
static int64_t compare(const struct kd_card *a, const struct kd_card *b)
{
    size_t a_connected = connectors_with(a, KD_CONNECTED);
    size_t b_connected = connectors_with(b, KD_CONNECTED);
    size_t a_unknown = connectors_with(a, KD_CONNECTION_UNKNOWN);
    size_t b_unknown = connectors_with(b, KD_CONNECTION_UNKNOWN);

    if ((a_connected > 0) != (b_connected > 0))
        return a_connected > 0 ? 1 : -1;
    if (is_stand_in(a) != is_stand_in(b))
        return is_stand_in(b) ? 1 : -1;
    if (!a_connected && (a_unknown > 0) != (b_unknown > 0))
        return a_unknown > 0 ? 1 : -1;
    if (a_connected != b_connected)
        return a_connected > b_connected ? 1 : -1;
    if (wanted_px(a) != wanted_px(b))
        return wanted_px(a) - wanted_px(b);
    return strcmp(b->bus, a->bus);
}

static int none(const struct kd_card *cards, size_t count, const char *wish, struct text *text)
{
    int error = -ENODEV;
    bool is_there = false;

    for (size_t i = 0; i < count; i++) {
        is_there = is_there || is_wished(&cards[i], wish);
        if (is_wished(&cards[i], wish) && (cards[i].error == -EACCES || cards[i].error == -EPERM))
            error = -EACCES;
    }
    if (count == 0) {
        say(text, "there is no display card: nothing is in /dev/dri");
        if (wish[0])
            say(text, " (%s was asked for)", wish);
        say(text, "; on a Raspberry Pi /boot/firmware/config.txt (or /boot/config.txt) needs the "
                  "line dtoverlay=vc4-kms-v3d");
    } else if (!is_there) {
        /* A card that could not be opened has not said its driver's name. */
        for (size_t i = 0; i < count; i++)
            error = cards[i].error == -EACCES && wish[0] != '/' ? -EACCES : error;
        say(text, "there is no card %s; there is: ", wish);
        say_all(text, cards, count, count);
    } else {
        say(text,
            wish[0] ? "the card that was asked for (%s) cannot be used: "
                    : "no card can be used%s: ",
            wish);
        say_all(text, cards, count, count);
    }
    return error;
}

int kd_cards_choose(const struct kd_card *cards, size_t count, const char *wish, char *why,
                    size_t why_bytes)
{
    struct text text = {.out = why, .bytes = why_bytes};
    char followed[sizeof(cards->path)];
    size_t best = count;

    why[0] = '\0';
    wish = kd_card_wish(wish, followed, sizeof(followed));
    for (size_t i = 0; i < count; i++) {
        if (is_wished(&cards[i], wish) && !kd_card_unusable(&cards[i]) &&
            (best == count || compare(&cards[i], &cards[best]) > 0))
            best = i;
    }
    if (best == count)
        return none(cards, count, wish, &text);
    say_name(&text, &cards[best]);
    say(&text, " is used%s: ", wish[0] ? " as asked for" : "");
    say_displays(&text, &cards[best]);
    if (count > 1 && !wish[0]) {
        say(&text, ". Not used: ");
        say_all(&text, cards, count, best);
    }
    return (int)best;
}

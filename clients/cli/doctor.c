#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "proto/json.h"

static const char *level_name(enum doctor_level level)
{
    static const char *const names[] = {"ok", "note", "problem"};
    return names[level];
}

/* The bytes of a control character at the start of text, those of two bytes included: U+0080 to U+009F act on
 * terminals as well. */
static size_t control_bytes(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7F)
        return 1;
    return text[0] == 0xC2 && text[1] >= 0x80 && text[1] < 0xA0 ? 2 : 0;
}

/* Text that comes from files and devices may be anything. */
static void make_printable(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at != '\0') {
        size_t control = control_bytes(at);
        memset(at, '?', control);
        at += control > 0 ? control : 1;
    }
}

void doctor_add(struct doctor *doctor, enum doctor_level level, const char *topic,
                const char *remedy, const char *format, ...)
{
    struct doctor_check *checks =
        realloc(doctor->checks, (doctor->checks_count + 1) * sizeof(*checks));
    struct doctor_check check = {.level = level, .topic = topic};
    va_list arguments;
    if (checks == NULL) {
        doctor->out_of_memory = true;
        return;
    }
    doctor->checks = checks;
    va_start(arguments, format);
    if (vasprintf(&check.text, format, arguments) < 0)
        check.text = NULL;
    va_end(arguments);
    check.remedy = remedy != NULL ? strdup(remedy) : NULL;
    if (check.text == NULL || (remedy != NULL && check.remedy == NULL)) {
        free(check.text);
        free(check.remedy);
        doctor->out_of_memory = true;
        return;
    }
    make_printable(check.text);
    if (check.remedy != NULL)
        make_printable(check.remedy);
    checks[doctor->checks_count++] = check;
}

static size_t count(const struct doctor *doctor, enum doctor_level level)
{
    size_t found = 0;
    for (size_t i = 0; i < doctor->checks_count; i++)
        found += doctor->checks[i].level == level;
    return found;
}

/* ---- Printing ------------------------------------------------------------------------------- */

/* Each line of a text, after some blanks. */
static void print_lines(const char *text, const char *before)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        printf("%s%.*s\n", before, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_text(const struct doctor *doctor)
{
    size_t problems = count(doctor, DOCTOR_PROBLEM), number = 0;
    for (size_t i = 0; i < doctor->checks_count; i++) {
        const struct doctor_check *check = &doctor->checks[i];
        printf("%-8s%-11s%s\n", level_name(check->level), check->topic, check->text);
        if (check->remedy != NULL && check->level == DOCTOR_NOTE)
            printf("%-19s-> %s\n", "", check->remedy);
    }
    if (doctor->description != NULL) {
        puts("\nThe daemon says:");
        print_lines(doctor->description, "  ");
    }
    if (problems == 0) {
        puts("\nNo problems.");
        return;
    }
    printf("\n%zu problem%s:\n", problems, problems == 1 ? "" : "s");
    for (size_t i = 0; i < doctor->checks_count; i++) {
        const struct doctor_check *check = &doctor->checks[i];
        if (check->level != DOCTOR_PROBLEM)
            continue;
        printf("%3zu. %s: %s\n", ++number, check->topic, check->text);
        if (check->remedy != NULL)
            printf("     -> %s\n", check->remedy);
    }
}

static void write_description(struct kb_json *json, const char *text)
{
    kb_json_array(json, "daemon", false);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        if (line != NULL)
            kb_json_string(json, NULL, line);
        free(line);
        text += length + (text[length] == '\n');
    }
    kb_json_array_end(json);
}

static void print_json(const struct doctor *doctor)
{
    struct kb_json json;
    kb_json_init(&json, stdout);
    kb_json_object(&json, NULL, false);
    kb_json_string(&json, "version", kb_version());
    kb_json_number(&json, "problems", (int64_t)count(doctor, DOCTOR_PROBLEM));
    kb_json_number(&json, "notes", (int64_t)count(doctor, DOCTOR_NOTE));
    kb_json_array(&json, "checks", false);
    for (size_t i = 0; i < doctor->checks_count; i++) {
        kb_json_object(&json, NULL, false);
        kb_json_string(&json, "level", level_name(doctor->checks[i].level));
        kb_json_string(&json, "topic", doctor->checks[i].topic);
        kb_json_string(&json, "text", doctor->checks[i].text);
        kb_json_string(&json, "remedy", doctor->checks[i].remedy);
        kb_json_object_end(&json);
    }
    kb_json_array_end(&json);
    if (doctor->description != NULL)
        write_description(&json, doctor->description);
    else
        kb_json_null(&json, "daemon");
    if (doctor->probe_text != NULL)
        kb_json_raw(&json, "probe", doctor->probe_text);
    else
        kb_json_null(&json, "probe");
    kb_json_object_end(&json);
    kb_json_finish(&json);
}

/* ---- The verb ------------------------------------------------------------------------------- */

static void finish(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->checks_count; i++) {
        free(doctor->checks[i].text);
        free(doctor->checks[i].remedy);
    }
    free(doctor->checks);
    free(doctor->description);
    free(doctor->probe_text);
    cli_json_free(doctor->probe);
}

static int examine(struct doctor *doctor, bool json)
{
    doctor_look_at_daemon(doctor);
    doctor_look_at_user(doctor);
    doctor_look_at_display(doctor);
    doctor_look_at_machine(doctor);
    doctor_look_at_console(doctor);
    doctor_look_at_input(doctor);
    doctor_look_at_service(doctor);
    if (doctor->out_of_memory)
        return cli_fail(&cli_doctor, "no memory");
    if (json)
        print_json(doctor);
    else
        print_text(doctor);
    return count(doctor, DOCTOR_PROBLEM) > 0 ? CLI_FAILED : CLI_OK;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"daemon", required_argument, NULL, 'd'},
        {"root", required_argument, NULL, 'r'},
        CLI_OPTIONS,
    };
    struct doctor doctor = {.root = ""};
    bool json = false;
    int option;
    while ((option = cli_option(&cli_doctor, argc, argv, options)) != -1) {
        switch (option) {
        case 'j': json = true; break;
        case 'd': doctor.daemon_path = optarg; break;
        case 'r': doctor.root = optarg; break;
        default: return CLI_USAGE;
        }
    }
    if (optind < argc)
        return cli_usage(&cli_doctor, "it takes no argument \"%s\"", argv[optind]);
    int status = examine(&doctor, json);
    finish(&doctor);
    return status;
}

const struct cli_verb cli_doctor = {
    .name = "doctor",
    .summary = "find out why the display is black",
    .help =
        "usage: kmsblit doctor [--json] [--daemon PATH] [--root DIR] [--socket PATH]\n"
        "\n"
        "Looks at all that a picture depends on: display cards, drivers, connectors, modes, who\n"
        "has the display, permissions and groups, the console, input devices, the service, a\n"
        "Raspberry Pi's boot configuration, and what the daemon that runs chose and why.\n"
        "Changes nothing, and may be run by anybody; root sees more.\n"
        "\n"
        "Each line is ok, a note, or a problem; the problems follow once more, with what to do.\n"
        "The exit status is 1 if there are any.\n"
        "\n"
        "  --json         print one JSON object: {\"problems\": N, \"notes\": N, \"checks\": [{\"level\",\n"
        "                 \"topic\", \"text\", \"remedy\"}], \"daemon\": [LINES], \"probe\": what\n"
        "                 `kmsblitd --probe` prints}\n"
        "  --daemon PATH  the kmsblitd to ask for displays, otherwise the one beside this tool,\n"
        "                 or in $PATH\n"
        "  --root DIR     look for the system's files below DIR, an SD card's for example\n",
    .run = run,
};

/*
 * A plugin of qemu-user that counts the instructions which a program executes. The program asks by a system call that means nothing
 * else: getpriority(INSN_COUNT_WHICH, 0); the number of instructions since the last time is then written to the plugin's output, a
 * line each. tests/arm/bench runs it.
 *
 * No package has the header, so the few functions are declared here as version 1 of the interface has them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "insn_count.h"

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void tb_translated_fn(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void syscall_fn(qemu_plugin_id_t id, unsigned vcpu, int64_t number, uint64_t a1,
                        uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                        uint64_t a7, uint64_t a8);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  tb_translated_fn *translated);
extern void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id, syscall_fn *called);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
                                                     void *counter, uint64_t add);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_outs(const char *text);

extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_version = 1;

static uint64_t executed, asked; /* the program has one thread */

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &executed,
                                             qemu_plugin_tb_n_insns(tb));
}

static void called(qemu_plugin_id_t id, unsigned vcpu, int64_t number, uint64_t a1, uint64_t a2,
                   uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    char line[32];

    (void)id, (void)vcpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number != INSN_COUNT_SYSCALL || a1 != INSN_COUNT_WHICH)
        return;
    snprintf(line, sizeof(line), "%" PRIu64 "\n", executed - asked);
    qemu_plugin_outs(line);
    asked = executed;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}

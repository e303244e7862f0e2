/* What the counted program and the plugin agree on. */
#ifndef INSN_COUNT_H
#define INSN_COUNT_H

#define INSN_COUNT_SYSCALL 141 /* getpriority on arm64 */
#define INSN_COUNT_WHICH   0x6B6D73

#endif

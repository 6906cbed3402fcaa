/* SPDX-License-Identifier: Apache-2.0 */
/* Hints to the sanitizers, nothing where none is built in. */
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define CHAPPE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHAPPE_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CHAPPE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHAPPE_TSAN 1
#endif
#endif

#ifdef CHAPPE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
/* Not 0: memory was leaked so far, and told. For a process that leaves by _exit. */
#define CHAPPE_LEAKED() __lsan_do_recoverable_leak_check()
/* The compiler takes poisoning for a read of what is not yet written; the empty asm hides where the memory comes from.
 */
static inline void chappe_poison(void *at, size_t size)
{
        __asm__("" : "+r"(at)::"memory");
        __asan_poison_memory_region(at, size);
}
#define CHAPPE_POISON(at, size)   chappe_poison(at, size)
#define CHAPPE_UNPOISON(at, size) __asan_unpoison_memory_region(at, size)
#define CHAPPE_REDZONE            16
#else
#define CHAPPE_LEAKED()           0
#define CHAPPE_POISON(at, size)   ((void)(at), (void)(size))
#define CHAPPE_UNPOISON(at, size) ((void)(at), (void)(size))
#define CHAPPE_REDZONE            0
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error code of Chappe, once: symbol, number, summary, advice. `chappe explain` and docs/errors derive from this list.
 * A number is never reused. Hundreds by room: E10xx base, E11xx config, E20xx schemas, E21xx payloads, E22xx JSON, E30xx broker,
 * E31xx registry, E40xx consumer runtime, E41xx publishing, E50xx calls, E60xx store, E70xx service, E80xx command line.
 */
#pragma once

#define CHAPPE_ERROR_CODES(X)                                                                                          \
        /* base */                                                                                                     \
        X(NO_MEMORY, 1001, "out of memory", "Lower the configured budgets or give the process more memory.")           \
        X(STOPPED, 1002, "the process is stopping", "Nothing to do: work is handed back and continues after a start.") \
        X(TIMEOUT, 1003, "a wait ended by its deadline", "Look at what was waited for; raise the deadline if it is healthy.") \
        X(LIMIT, 1004, "a limit was reached", "The message names the limit and the setting that changes it.")          \
        X(IO, 1005, "the operating system refused an operation", "The message names the file and the reason.")         \
        X(USAGE, 1006, "a function or command was used wrongly", "The message says what was expected.")                \
        X(AGAIN, 1007, "no room at the moment", "Try again once earlier work is done; Chappe does so by itself.")

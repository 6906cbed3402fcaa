/* SPDX-License-Identifier: Apache-2.0 */
/* Every log event, once: symbol, stable id, level, what it says. Ids follow the error codes' hundreds by room and are never reused. */
#pragma once

#define CHAPPE_LOG_EVENTS(X)                                                                                           \
        X(HANDLER, 100, INFO, "a line that a handler wrote")                                                           \
        X(HANDLER_WARNING, 101, WARNING, "a warning that a handler wrote")                                             \
        X(HANDLER_ERROR, 102, ERROR, "an error that a handler wrote")                                                  \
        X(HANDLER_DEBUG, 103, DEBUG, "a debugging line that a handler wrote")

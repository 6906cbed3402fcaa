/* SPDX-License-Identifier: Apache-2.0 */
/* How much a log line matters. */
#pragma once

enum chappe_log_level { CHAPPE_LEVEL_ERROR, CHAPPE_LEVEL_WARNING, CHAPPE_LEVEL_INFO, CHAPPE_LEVEL_DEBUG };

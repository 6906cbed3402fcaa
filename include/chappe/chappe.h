/* SPDX-License-Identifier: Apache-2.0 */
/* All of Chappe for a service. */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>
#include <chappe/call.h>
#include <chappe/context.h>
#include <chappe/error.h>
#include <chappe/operation.h>
#include <chappe/publish.h>
#include <chappe/service.h>
#include <chappe/store.h>
#include <chappe/text.h>
#include <chappe/type.h>
#include <chappe/value.h>

/* SPDX-License-Identifier: Apache-2.0 */
/* notifications: the program. */
#include "notifications/notifications.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &notifications_service);
}

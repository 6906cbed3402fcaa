/* SPDX-License-Identifier: Apache-2.0 */
/* orders: the program. */
#include "orders/orders.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &orders_service);
}

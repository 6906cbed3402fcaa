/* SPDX-License-Identifier: Apache-2.0 */
/* inventory: the program. */
#include "inventory/inventory.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &inventory_service);
}

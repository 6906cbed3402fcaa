/* SPDX-License-Identifier: Apache-2.0 */
/* shipping: the program. */
#include "shipping/shipping.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &shipping_service);
}

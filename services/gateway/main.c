/* SPDX-License-Identifier: Apache-2.0 */
/* gateway: the program. */
#include "gateway/gateway.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &gateway_service);
}

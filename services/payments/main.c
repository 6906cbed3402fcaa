/* SPDX-License-Identifier: Apache-2.0 */
/* payments: the program. */
#include "payments/payments.h"

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &payments_service);
}

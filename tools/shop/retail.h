/* SPDX-License-Identifier: Apache-2.0 */
/* Orders from order lines in the columns of the UCI Online Retail data: one order an invoice. */
#pragma once

#include "shop/order.h"

struct retail_report {
        size_t rows;     /* read, the heading not counted */
        size_t bad_rows; /* reported on standard error with their line, and left out */
};

/*
 * Reads CSV, plain or gzip. An invoice whose number starts with C is a return. A quantity that is not above zero (in a
 * return: not below) makes a bad row; a price of 0 is a gift; a product repeated in an invoice is added up. False, with
 * one line on standard error, when the file cannot be used at all.
 */
bool retail_read(const char *file, struct orders *orders, struct retail_report *ret_report);

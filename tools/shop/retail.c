/* SPDX-License-Identifier: Apache-2.0 */
/* Orders from the Online Retail columns. */
#include "shop/retail.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <uthash.h>

#include "shop/csv.h"

enum column { INVOICE, STOCK_CODE, DESCRIPTION, QUANTITY, DATE, PRICE, CUSTOMER, COUNTRY, COLUMNS };

static const char *const column_names[COLUMNS] = { "InvoiceNo",   "StockCode", "Description", "Quantity",
                                                   "InvoiceDate", "UnitPrice", "CustomerID",  "Country" };

struct invoice {
        struct order *order;
        UT_hash_handle hh;
};

struct reader {
        struct csv *csv;
        const char *file;
        size_t places[COLUMNS];
        size_t width;
        struct orders *orders;
        struct invoice *invoices;
        struct retail_report *report;
};

struct row {
        const char *text[COLUMNS];
        bool is_return;
        int64_t quantity, price, at_ms;
        char customer[64];
};

#define REPORTED_MAXIMUM 100
/* With the 1,000 lines that an order may have, a total stays within 64 bits. */
#define QUANTITY_MAXIMUM 10000000
#define PRICE_MAXIMUM    100000000

static void report(struct reader *reader, const char *why, const char *what)
{
        if (reader->report->bad_rows++ < REPORTED_MAXIMUM)
                fprintf(stderr, "%s:%zu: not an order line: %s%s%.60s%s\n", reader->file, csv_line(reader->csv), why,
                        what ? " '" : "", what ? what : "", what ? "'" : "");
        else if (reader->report->bad_rows == REPORTED_MAXIMUM + 1)
                fprintf(stderr, "%s: further rows that are no order lines are only counted\n", reader->file);
}

static bool read_integer(const char *text, int64_t *ret_value)
{
        char *end;

        errno = 0;
        long long value = strtoll(text, &end, 10);
        if (end == text || *end || errno || value < -QUANTITY_MAXIMUM || value > QUANTITY_MAXIMUM)
                return false;
        *ret_value = value;
        return true;
}

/* "4.95" as 495; more digits are rounded to the nearest, as the data has prices such as 0.038. */
static bool read_money(const char *text, int64_t *ret_minor)
{
        int64_t minor = 0;
        int decimals = -1;
        const char *at = text;

        for (; isdigit((unsigned char)*at) || (*at == '.' && decimals < 0); at++) {
                if (*at == '.')
                        decimals = 0;
                else if (decimals < 2) {
                        if (minor > PRICE_MAXIMUM)
                                return false;
                        minor = minor * 10 + (*at - '0');
                        decimals += decimals >= 0;
                } else if (decimals++ == 2)
                        minor += *at >= '5';
        }
        for (; decimals < 2; decimals = decimals < 0 ? 1 : decimals + 1)
                minor *= 10;
        *ret_minor = minor;
        return at != text && !*at && minor <= PRICE_MAXIMUM;
}

/* "2010-12-01 08:34:00", or as the original spreadsheet has it "12/1/2010 8:34". Taken as UTC. */
static bool read_date(const char *text, int64_t *ret_ms)
{
        struct tm when = { 0 };
        const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &when);

        if (!end) {
                when = (struct tm){ 0 };
                end = strptime(text, "%m/%d/%Y %H:%M", &when);
        }
        if (!end || *end)
                return false;
        *ret_ms = (int64_t)timegm(&when) * 1000;
        return *ret_ms >= 0;
}

/* Spreadsheets made "17850" into "17850.0". */
static void read_customer(const char *text, char *ret_customer, size_t size)
{
        size_t length = strlen(text);

        if (length > 2 && strcmp(text + length - 2, ".0") == 0)
                length -= 2;
        snprintf(ret_customer, size, "%.*s", (int)length, text);
}

static bool is_utf8(const struct row *row)
{
        for (int i = 0; i < COLUMNS; i++) {
                json_t *text = json_string(row->text[i]); /* jansson's own check is the one that the body will meet */
                if (!text)
                        return false;
                json_decref(text);
        }
        return true;
}

static bool is_id(const char *text)
{
        size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

        return length > 0 && length <= 40 && text[length] == '\0';
}

/* NULL, or why the row is no order line; *ret_what: the text that is wrong. */
static const char *read_row(const struct reader *reader, struct row *ret_row, const char **ret_what)
{
        struct row *row = ret_row;

        for (int i = 0; i < COLUMNS; i++)
                row->text[i] = csv_field(reader->csv, reader->places[i]);
        if (csv_field_count(reader->csv) != reader->width)
                return "it does not have as many fields as the heading";
        if (!is_utf8(row))
                return "it is not UTF-8";
        row->is_return = toupper((unsigned char)row->text[INVOICE][0]) == 'C';
        if (!is_id(*ret_what = row->text[INVOICE]))
                return "InvoiceNo";
        if (!*(*ret_what = row->text[STOCK_CODE]) || strlen(row->text[STOCK_CODE]) > 200)
                return "StockCode";
        if (strlen(*ret_what = row->text[DESCRIPTION]) > 1000)
                return "Description";
        *ret_what = row->text[QUANTITY];
        if (!read_integer(row->text[QUANTITY], &row->quantity))
                return "Quantity";
        if (row->is_return ? row->quantity >= 0 : row->quantity <= 0)
                return row->is_return ? "a return's Quantity is not below zero" : "Quantity is not above zero";
        if (!read_date(*ret_what = row->text[DATE], &row->at_ms))
                return "InvoiceDate";
        if (!read_money(*ret_what = row->text[PRICE], &row->price))
                return "UnitPrice";
        if (strlen(*ret_what = row->text[CUSTOMER]) >= sizeof(row->customer))
                return "CustomerID";
        read_customer(row->text[CUSTOMER], row->customer, sizeof(row->customer));
        if (!*(*ret_what = row->text[COUNTRY]) || strlen(row->text[COUNTRY]) > 1000)
                return "Country";
        return NULL;
}

static struct order *order_of(struct reader *reader, const struct row *row)
{
        struct invoice *invoice;

        HASH_FIND_STR(reader->invoices, row->text[INVOICE], invoice);
        if (invoice)
                return invoice->order;
        invoice = must(calloc(1, sizeof(*invoice)));
        invoice->order = order_add(reader->orders, row->text[INVOICE], row->is_return, row->customer,
                                   row->text[COUNTRY], "GBP", row->at_ms);
        HASH_ADD_KEYPTR(hh, reader->invoices, invoice->order->id, strlen(invoice->order->id), invoice);
        return invoice->order;
}

static void take_row(struct reader *reader)
{
        struct row row;
        const char *what = NULL;
        const char *why = read_row(reader, &row, &what);

        if (why)
                report(reader, why, what);
        else if (!order_line_add(order_of(reader, &row), row.text[STOCK_CODE], row.text[DESCRIPTION],
                                 row.quantity < 0 ? -row.quantity : row.quantity, row.price))
                report(reader, "the order has too many lines or pieces", NULL);
}

static bool read_heading(struct reader *reader)
{
        enum csv_result result = csv_next(reader->csv);

        if (result != CSV_ROW) {
                fprintf(stderr, "%s: %s\n", reader->file,
                        csv_fault(reader->csv) ? csv_fault(reader->csv) : "the file is empty");
                return false;
        }
        reader->width = csv_field_count(reader->csv);
        for (int column = 0; column < COLUMNS; column++) {
                size_t n = 0;
                /* A spreadsheet may have put a byte order mark in front. */
                const char *field = csv_field(reader->csv, 0);
                if (strncmp(field, "\xef\xbb\xbf", 3) == 0)
                        field += 3;
                while (n < reader->width && strcasecmp(field, column_names[column]) != 0)
                        field = csv_field(reader->csv, ++n);
                if (n == reader->width) {
                        fprintf(stderr, "%s:1: there is no column '%s'; the Online Retail columns are needed\n",
                                reader->file, column_names[column]);
                        return false;
                }
                reader->places[column] = n;
        }
        return true;
}

static bool read_rows(struct reader *reader)
{
        for (;;) {
                switch (csv_next(reader->csv)) {
                case CSV_ROW:
                        reader->report->rows++;
                        take_row(reader);
                        break;
                case CSV_BAD_ROW:
                        reader->report->rows++;
                        report(reader, csv_fault(reader->csv), NULL);
                        break;
                case CSV_END:
                        return true;
                case CSV_UNREADABLE:
                        fprintf(stderr, "%s:%zu: %s\n", reader->file, csv_line(reader->csv), csv_fault(reader->csv));
                        return false;
                }
        }
}

bool retail_read(const char *file, struct orders *orders, struct retail_report *ret_report)
{
        struct reader reader = { .csv = csv_open(file), .file = file, .orders = orders, .report = ret_report };
        struct invoice *invoice, *next;

        *ret_report = (struct retail_report){ 0 };
        if (!reader.csv) {
                fprintf(stderr, "%s: %s\n", file, strerror(errno));
                return false;
        }
        bool usable = read_heading(&reader) && read_rows(&reader);
        HASH_ITER(hh, reader.invoices, invoice, next)
        {
                HASH_DEL(reader.invoices, invoice);
                free(invoice);
        }
        csv_close(reader.csv);
        return usable;
}

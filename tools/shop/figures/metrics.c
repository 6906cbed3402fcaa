/* SPDX-License-Identifier: Apache-2.0 */
/* What one running service says of itself. */
#include "shop/figures/metrics.h"

#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAXIMUM (4 << 20)

struct answer {
        char *text;
        size_t length;
};

static size_t on_answer(char *data, size_t size, size_t count, void *context)
{
        struct answer *answer = context;
        size_t more = size * count;
        char *text = answer->length + more > ANSWER_MAXIMUM ? NULL : realloc(answer->text, answer->length + more + 1);

        if (!text)
                return 0;
        memcpy(text + answer->length, data, more);
        answer->text = text;
        answer->length += more;
        text[answer->length] = '\0';
        return more;
}

static char *fetch(int port)
{
        struct answer answer = { 0 };
        CURL *curl = curl_easy_init();
        char url[100];

        if (!curl)
                return NULL;
        snprintf(url, sizeof(url), "http://127.0.0.1:%d/metrics", port);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 3000L);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
        if (curl_easy_perform(curl) != CURLE_OK) {
                free(answer.text);
                answer.text = NULL;
        }
        curl_easy_cleanup(curl);
        return answer.text;
}

static void add_bucket(struct histogram *histogram, double bound, double count)
{
        size_t n = 0;

        while (n < histogram->count && histogram->bounds[n] < bound)
                n++;
        if (n < histogram->count && histogram->bounds[n] == bound) {
                histogram->counts[n] += count;
                return;
        }
        if (histogram->count == BUCKETS_LIMIT)
                return;
        memmove(&histogram->bounds[n + 1], &histogram->bounds[n], (histogram->count - n) * sizeof(double));
        memmove(&histogram->counts[n + 1], &histogram->counts[n], (histogram->count - n) * sizeof(double));
        histogram->bounds[n] = bound;
        histogram->counts[n] = count;
        histogram->count++;
}

void histogram_add(struct histogram *to, const struct histogram *from)
{
        for (size_t i = 0; i < from->count; i++)
                add_bucket(to, from->bounds[i], from->counts[i]);
}

double histogram_quantile(const struct histogram *histogram, double share)
{
        double total = histogram->count ? histogram->counts[histogram->count - 1] : 0;
        double wanted = total * share, below = 0, lower = 0;

        for (size_t i = 0; i < histogram->count && total > 0; i++) {
                double here = histogram->counts[i] - below;
                if (histogram->counts[i] >= wanted)
                        return isinf(histogram->bounds[i]) || here <= 0
                                       ? lower
                                       : lower + (histogram->bounds[i] - lower) * (wanted - below) / here;
                below = histogram->counts[i];
                lower = histogram->bounds[i];
        }
        return 0;
}

/* Does the series have exactly this name, whatever its labels? */
static bool is_series(const char *line, const char *name)
{
        size_t length = strlen(name);

        return strncmp(line, name, length) == 0 && (line[length] == '{' || line[length] == ' ');
}

static void take_line(struct figures *figures, const char *line)
{
        const char *value_at = strrchr(line, ' '), *bound = strstr(line, "le=\"");
        double value = value_at ? strtod(value_at, NULL) : 0;

        if (is_series(line, "chappe_records_handled_total"))
                figures->handled += value;
        else if (is_series(line, "chappe_records_retried_total"))
                figures->retried += value;
        else if (is_series(line, "chappe_dead_letters_total"))
                figures->dead_letters += value;
        else if (is_series(line, "chappe_records_sent_total"))
                figures->sent += value;
        else if (is_series(line, "chappe_call_duration_seconds_bucket") && bound)
                add_bucket(&figures->calls, strtod(bound + 4, NULL), value);
}

static void read_memory(struct figures *figures, int pid)
{
        char name[64], line[200];

        figures->rss_kb = figures->anonymous_kb = -1;
        snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", pid);
        FILE *stream = fopen(name, "re");
        while (stream && fgets(line, sizeof(line), stream)) {
                long long kb;
                if (sscanf(line, "Rss: %lld kB", &kb) == 1)
                        figures->rss_kb = kb;
                else if (sscanf(line, "Anonymous: %lld kB", &kb) == 1)
                        figures->anonymous_kb = kb;
        }
        if (stream)
                fclose(stream);
}

bool figures_fetch(struct figures *figures, int pid, int admin_port)
{
        char *text = fetch(admin_port), *rest = text, *line;

        if (!text)
                return false;
        read_memory(figures, pid);
        while ((line = strsep(&rest, "\n"))) {
                if (*line && *line != '#')
                        take_line(figures, line);
        }
        free(text);
        return true;
}

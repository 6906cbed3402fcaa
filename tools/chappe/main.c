/* SPDX-License-Identifier: Apache-2.0 */
/* chappe: the command line tool. */
#include <locale.h>
#include <signal.h>

#include "commands.h"

int main(int argc, char **argv)
{
        setlocale(LC_CTYPE, "C.UTF-8");
        signal(SIGPIPE, SIG_IGN); /* told by the write, and then quietly */
        return command_main(argc, argv);
}

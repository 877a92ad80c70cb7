/* main.c - subcommands and the composition of the parts. */
#include "config.h"

#include <stdio.h>

int
main(void)
{
    puts(PACKAGE_STRING);
    return 0;
}

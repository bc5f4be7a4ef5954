#include "start/default_conf.h"

/* The assembler takes the file as it is: no second copy of it to keep in step. */
__asm__(".pushsection .rodata\n"
	".global default_conf\n"
	"default_conf: .incbin \"conf/watchdogd.conf\"\n"
	".byte 0\n"
	".popsection\n");

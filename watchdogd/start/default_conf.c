#include "start/default_conf.h"

/* The assembler takes the file as it is: no second copy of it to keep in step. */
__asm__(".pushsection .rodata\n"
	".global default_conf, default_conf_end\n"
	"default_conf: .incbin \"conf/watchdogd.conf\"\n"
	"default_conf_end: .byte 0\n"
	".popsection\n");

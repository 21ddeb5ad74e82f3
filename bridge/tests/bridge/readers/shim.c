/*
 * Before libpcsclite: the word in KAZASHI_TEST_SHIM says what one of its functions does instead. For
 * tests only.
 *
 *   card-denied       SCardConnect: the system's policy refuses the card
 *   service-denied    SCardEstablishContext: it refuses the service
 *   at-once-unknown   SCardGetStatusChange without a time limit returns at once, and knows no such reader
 *   at-once-nothing   the same, and has nothing to tell
 *   at-once-invalid   the same, and knows no such context
 *   at-once-gone      the same, and has no service
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <winscard.h>

static int is(const char *word)
{
	const char *told = getenv("KAZASHI_TEST_SHIM");
	return told != NULL && strcmp(told, word) == 0;
}

LONG SCardEstablishContext(DWORD scope, LPCVOID reserved, LPCVOID other, LPSCARDCONTEXT context)
{
	LONG (*real)(DWORD, LPCVOID, LPCVOID, LPSCARDCONTEXT) =
		(LONG (*)(DWORD, LPCVOID, LPCVOID, LPSCARDCONTEXT))dlsym(RTLD_NEXT, "SCardEstablishContext");
	return is("service-denied") ? (LONG)SCARD_W_SECURITY_VIOLATION : real(scope, reserved, other, context);
}

LONG SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols, LPSCARDHANDLE card,
		  LPDWORD protocol)
{
	LONG (*real)(SCARDCONTEXT, LPCSTR, DWORD, DWORD, LPSCARDHANDLE, LPDWORD) =
		(LONG (*)(SCARDCONTEXT, LPCSTR, DWORD, DWORD, LPSCARDHANDLE, LPDWORD))dlsym(RTLD_NEXT, "SCardConnect");
	if (is("card-denied"))
		return (LONG)SCARD_W_SECURITY_VIOLATION;
	return real(context, reader, share, protocols, card, protocol);
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD patience, SCARD_READERSTATE *states, DWORD count)
{
	LONG (*real)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD) =
		(LONG (*)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD))dlsym(RTLD_NEXT, "SCardGetStatusChange");
	if (patience == INFINITE) {
		if (is("at-once-unknown"))
			return (LONG)SCARD_E_UNKNOWN_READER;
		if (is("at-once-nothing"))
			return SCARD_S_SUCCESS;
		if (is("at-once-invalid"))
			return (LONG)SCARD_E_INVALID_HANDLE;
		if (is("at-once-gone"))
			return (LONG)SCARD_E_NO_SERVICE;
	}
	return real(context, patience, states, count);
}

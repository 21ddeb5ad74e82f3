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
 *   no-notification   SCardGetStatusChange knows no reader by whose name one is told of others, and
 *                     SCardListReaders has some after three seconds only
 *   reset-unnoticed   SCardTransmit: the first READ BINARY finds a card that another program has reset,
 *                     of which only SCardStatus tells, until SCardReconnect
 *   reset-untold      SCardTransmit: the same, and nobody tells: the first READ BINARY is refused
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <winscard.h>

static int is(const char *word)
{
	const char *told = getenv("KAZASHI_TEST_SHIM");
	return told != NULL && strcmp(told, word) == 0;
}

static int is_reset;

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *protocol, LPCBYTE command, DWORD length,
		   SCARD_IO_REQUEST *received, LPBYTE answer, LPDWORD answer_length)
{
	static int was_reset;
	LONG (*real)(SCARDHANDLE, const SCARD_IO_REQUEST *, LPCBYTE, DWORD, SCARD_IO_REQUEST *, LPBYTE, LPDWORD) =
		(LONG (*)(SCARDHANDLE, const SCARD_IO_REQUEST *, LPCBYTE, DWORD, SCARD_IO_REQUEST *, LPBYTE, LPDWORD))
			dlsym(RTLD_NEXT, "SCardTransmit");
	if ((is("reset-unnoticed") || is("reset-untold")) && !was_reset && length > 1 && command[1] == 0xB0) {
		was_reset = 1;
		is_reset = is("reset-unnoticed");
		memcpy(answer, "\x6A\x82", 2);
		*answer_length = 2;
		return SCARD_S_SUCCESS;
	}
	return real(card, protocol, command, length, received, answer, answer_length);
}

LONG SCardStatus(SCARDHANDLE card, LPSTR names, LPDWORD names_length, LPDWORD state, LPDWORD protocol, LPBYTE atr,
		 LPDWORD atr_length)
{
	LONG (*real)(SCARDHANDLE, LPSTR, LPDWORD, LPDWORD, LPDWORD, LPBYTE, LPDWORD) =
		(LONG (*)(SCARDHANDLE, LPSTR, LPDWORD, LPDWORD, LPDWORD, LPBYTE, LPDWORD))dlsym(RTLD_NEXT, "SCardStatus");
	return is_reset ? (LONG)SCARD_W_RESET_CARD
			: real(card, names, names_length, state, protocol, atr, atr_length);
}

LONG SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD disposition, LPDWORD protocol)
{
	LONG (*real)(SCARDHANDLE, DWORD, DWORD, DWORD, LPDWORD) =
		(LONG (*)(SCARDHANDLE, DWORD, DWORD, DWORD, LPDWORD))dlsym(RTLD_NEXT, "SCardReconnect");
	is_reset = 0;
	return real(card, share, protocols, disposition, protocol);
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

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR names, LPDWORD length)
{
	static time_t first;
	LONG (*real)(SCARDCONTEXT, LPCSTR, LPSTR, LPDWORD) =
		(LONG (*)(SCARDCONTEXT, LPCSTR, LPSTR, LPDWORD))dlsym(RTLD_NEXT, "SCardListReaders");
	if (first == 0)
		first = time(NULL);
	if (is("no-notification") && time(NULL) < first + 3)
		return (LONG)SCARD_E_NO_READERS_AVAILABLE;
	return real(context, groups, names, length);
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD patience, SCARD_READERSTATE *states, DWORD count)
{
	LONG (*real)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD) =
		(LONG (*)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD))dlsym(RTLD_NEXT, "SCardGetStatusChange");
	for (DWORD i = 0; i < count; i++) {
		if (is("no-notification") && strcmp(states[i].szReader, "\\\\?PnP?\\Notification") == 0)
			return (LONG)SCARD_E_UNKNOWN_READER;
	}
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

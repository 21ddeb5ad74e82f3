/*
 * Before Wine's winscard: what Windows says and Wine does not, by the word in the file whose name is in
 * KAZASHI_E2E_WINSCARD. For tests only.
 *
 *   stopped   the service stops with the last reader: who waits is told that it stopped, and who comes
 *             that there is none
 *   away      the readers are not there yet, as on a machine that wakes up
 *   reset     a transaction in which nothing was sent for five seconds is over: the card was reset, as
 *             whoever has it is told until they connect to it again
 */

#define WINSCARDAPI __declspec(dllexport)
#define WINSCARDDATA __declspec(dllexport)
#include <windows.h>
#include <winscard.h>
#include <stdio.h>
#include <string.h>

const SCARD_IO_REQUEST g_rgSCardT0Pci = {SCARD_PROTOCOL_T0, sizeof(SCARD_IO_REQUEST)};
const SCARD_IO_REQUEST g_rgSCardT1Pci = {SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST)};
const SCARD_IO_REQUEST g_rgSCardRawPci = {SCARD_PROTOCOL_RAW, sizeof(SCARD_IO_REQUEST)};

static FARPROC of_wine(const char *name)
{
	static HMODULE winscard;
	if (winscard == NULL)
		winscard = LoadLibraryA("C:\\windows\\system32\\winscard.dll");
	return GetProcAddress(winscard, name);
}

#define FORWARD(name, parameters, arguments) \
	LONG WINAPI name parameters { return ((LONG (WINAPI *) parameters)of_wine(#name)) arguments; }

FORWARD(SCardReleaseContext, (SCARDCONTEXT context), (context))
FORWARD(SCardIsValidContext, (SCARDCONTEXT context), (context))
FORWARD(SCardCancel, (SCARDCONTEXT context), (context))
FORWARD(SCardDisconnect, (SCARDHANDLE card, DWORD disposition), (card, disposition))
FORWARD(SCardEndTransaction, (SCARDHANDLE card, DWORD disposition), (card, disposition))
FORWARD(SCardStatusA, (SCARDHANDLE card, LPSTR names, LPDWORD names_length, LPDWORD state, LPDWORD protocol,
		       LPBYTE atr, LPDWORD atr_length), (card, names, names_length, state, protocol, atr, atr_length))
FORWARD(SCardControl, (SCARDHANDLE card, DWORD code, LPCVOID in, DWORD in_length, LPVOID out, DWORD out_length,
		       LPDWORD returned), (card, code, in, in_length, out, out_length, returned))
FORWARD(SCardGetAttrib, (SCARDHANDLE card, DWORD attribute, LPBYTE value, LPDWORD length),
	(card, attribute, value, length))
FORWARD(SCardSetAttrib, (SCARDHANDLE card, DWORD attribute, LPCBYTE value, DWORD length),
	(card, attribute, value, length))

static int is(const char *word)
{
	char told[16] = "";
	FILE *file = fopen(getenv("KAZASHI_E2E_WINSCARD"), "r");
	if (file == NULL)
		return 0;
	fgets(told, sizeof told, file);
	fclose(file);
	return strcmp(told, word) == 0;
}

LONG WINAPI SCardEstablishContext(DWORD scope, LPCVOID reserved, LPCVOID other, LPSCARDCONTEXT context)
{
	LONG (WINAPI *real)(DWORD, LPCVOID, LPCVOID, LPSCARDCONTEXT) = (void *)of_wine("SCardEstablishContext");
	return is("stopped") ? (LONG)SCARD_E_NO_SERVICE : real(scope, reserved, other, context);
}

LONG WINAPI SCardListReadersA(SCARDCONTEXT context, LPCSTR groups, LPSTR names, LPDWORD length)
{
	LONG (WINAPI *real)(SCARDCONTEXT, LPCSTR, LPSTR, LPDWORD) = (void *)of_wine("SCardListReadersA");
	if (is("away"))
		return (LONG)SCARD_E_NO_READERS_AVAILABLE;
	return is("stopped") ? (LONG)SCARD_E_SERVICE_STOPPED : real(context, groups, names, length);
}

LONG WINAPI SCardConnectA(SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols, LPSCARDHANDLE card,
			  LPDWORD protocol)
{
	LONG (WINAPI *real)(SCARDCONTEXT, LPCSTR, DWORD, DWORD, LPSCARDHANDLE, LPDWORD) =
		(void *)of_wine("SCardConnectA");
	return is("away") ? (LONG)SCARD_E_READER_UNAVAILABLE
			  : real(context, reader, share, protocols, card, protocol);
}

LONG WINAPI SCardGetStatusChangeA(SCARDCONTEXT context, DWORD patience, LPSCARD_READERSTATEA states, DWORD count)
{
	LONG (WINAPI *real)(SCARDCONTEXT, DWORD, LPSCARD_READERSTATEA, DWORD) =
		(void *)of_wine("SCardGetStatusChangeA");
	int were_away = is("away");
	for (;;) {
		DWORD turn = patience < 200 ? patience : 200;
		if (is("stopped"))
			return (LONG)SCARD_E_SERVICE_STOPPED;
		if (is("away") != were_away) {
			/* The first is asked for readers that come and go. */
			states[0].dwEventState = states[0].dwCurrentState | SCARD_STATE_CHANGED;
			return SCARD_S_SUCCESS;
		}
		LONG result = real(context, turn, states, count);
		if (result != (LONG)SCARD_E_TIMEOUT || turn == patience)
			return result;
		if (patience != INFINITE)
			patience -= turn;
	}
}

static int was_reset, is_reset;

LONG WINAPI SCardTransmit(SCARDHANDLE card, LPCSCARD_IO_REQUEST protocol, LPCBYTE command, DWORD length,
			  LPSCARD_IO_REQUEST received, LPBYTE answer, LPDWORD answer_length)
{
	LONG (WINAPI *real)(SCARDHANDLE, LPCSCARD_IO_REQUEST, LPCBYTE, DWORD, LPSCARD_IO_REQUEST, LPBYTE, LPDWORD) =
		(void *)of_wine("SCardTransmit");
	if (is("away"))
		return (LONG)SCARD_E_READER_UNAVAILABLE;
	/* Amid a transaction: it begins with SELECT. */
	if (!is("reset"))
		was_reset = 0;
	else if (!was_reset && command[1] == 0xB0)
		was_reset = is_reset = 1;
	return is_reset ? (LONG)SCARD_W_RESET_CARD
			: real(card, protocol, command, length, received, answer, answer_length);
}

LONG WINAPI SCardBeginTransaction(SCARDHANDLE card)
{
	LONG (WINAPI *real)(SCARDHANDLE) = (void *)of_wine("SCardBeginTransaction");
	if (is("away"))
		return (LONG)SCARD_E_READER_UNAVAILABLE;
	return is_reset ? (LONG)SCARD_W_RESET_CARD : real(card);
}

LONG WINAPI SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD disposition, LPDWORD protocol)
{
	LONG (WINAPI *real)(SCARDHANDLE, DWORD, DWORD, DWORD, LPDWORD) = (void *)of_wine("SCardReconnect");
	is_reset = 0;
	return real(card, share, protocols, disposition, protocol);
}

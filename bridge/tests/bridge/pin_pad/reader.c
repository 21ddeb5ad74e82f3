/*
 * The reader of vpcd, with keys and with habits: a driver of pcscd that leaves everything to vpcd's
 * driver, and adds what PC/SC part 10 has for readers on which a PIN is typed. For tests only.
 *
 * The folder that KAZASHI_TEST_PIN_PAD names has what the person does and what the reader saw:
 *
 *   habit    how it misbehaves, in one word; without it, not at all:
 *            long-error, long-unsupported, long-buffer, long-protocol   carries short commands only, and
 *                       says so of others in this way
 *            long-cut, long-empty, long-zeros   a long answer loses its end, or all of it, or its status word
 *            keys-none, keys-error, keys-unknown   its keys do not exist, and fail at once
 *   keys     the keys that are pressed, for one entry; it is removed once they are. "1234" is a PIN
 *            and the key that confirms, "C" the key that cancels.
 *   waiting  is there while the reader waits for keys
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

#define VPCD "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
#define VERIFY_PIN_DIRECT SCARD_CTL_CODE(FEATURE_VERIFY_PIN_DIRECT + 0x330000)
#define MAX_DIGITS 16

/* What one entry came to, when it is no PIN. */
enum { TIMED_OUT = 0x6400, CANCELLED = 0x6401, TOO_SHORT_OR_LONG = 0x6403 };

static void *vpcd(const char *name)
{
	static void *driver;
	if (driver == NULL)
		driver = dlopen(VPCD, RTLD_NOW | RTLD_LOCAL);
	void *function = driver ? dlsym(driver, name) : NULL;
	if (function == NULL) {
		fprintf(stderr, "%s has no %s: %s\n", VPCD, name, dlerror());
		abort();
	}
	return function;
}

#define FORWARD(name, parameters, arguments) \
	RESPONSECODE name parameters { return ((RESPONSECODE (*) parameters)vpcd(#name)) arguments; }

FORWARD(IFDHCreateChannelByName, (DWORD lun, LPSTR device), (lun, device))
FORWARD(IFDHCreateChannel, (DWORD lun, DWORD channel), (lun, channel))
FORWARD(IFDHCloseChannel, (DWORD lun), (lun))
FORWARD(IFDHGetCapabilities, (DWORD lun, DWORD tag, PDWORD length, PUCHAR value),
	(lun, tag, length, value))
FORWARD(IFDHSetCapabilities, (DWORD lun, DWORD tag, DWORD length, PUCHAR value),
	(lun, tag, length, value))
FORWARD(IFDHSetProtocolParameters,
	(DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2, UCHAR pts3),
	(lun, protocol, flags, pts1, pts2, pts3))
FORWARD(IFDHPowerICC, (DWORD lun, DWORD action, PUCHAR atr, PDWORD length),
	(lun, action, atr, length))
FORWARD(IFDHICCPresence, (DWORD lun), (lun))

static void file(char *path, size_t size, const char *name)
{
	const char *folder = getenv("KAZASHI_TEST_PIN_PAD");
	snprintf(path, size, "%s/%s", folder ? folder : "/nonexistent", name);
}

static int has_habit(const char *habit)
{
	char path[4096], word[64] = "";
	file(path, sizeof path, "habit");
	FILE *habits = fopen(path, "r");
	if (habits == NULL)
		return 0;
	if (fscanf(habits, "%63s", word) != 1)
		word[0] = '\0';
	fclose(habits);
	return strcmp(word, habit) == 0;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, PUCHAR command, DWORD command_length,
			       PUCHAR response, PDWORD response_length, PSCARD_IO_HEADER receive)
{
	if (command_length > 261 || (command_length == 7 && command[4] == 0)) {
		if (has_habit("long-error"))
			return IFD_COMMUNICATION_ERROR;
		if (has_habit("long-unsupported"))
			return IFD_NOT_SUPPORTED;
		if (has_habit("long-buffer"))
			return IFD_ERROR_INSUFFICIENT_BUFFER;
		if (has_habit("long-protocol"))
			return IFD_PROTOCOL_NOT_SUPPORTED;
	}
	RESPONSECODE (*transmit)(DWORD, SCARD_IO_HEADER, PUCHAR, DWORD, PUCHAR, PDWORD, PSCARD_IO_HEADER) =
		(RESPONSECODE (*)(DWORD, SCARD_IO_HEADER, PUCHAR, DWORD, PUCHAR, PDWORD,
				  PSCARD_IO_HEADER))vpcd("IFDHTransmitToICC");
	RESPONSECODE result =
		transmit(lun, send, command, command_length, response, response_length, receive);
	if (result == IFD_SUCCESS && *response_length > 258) {
		if (has_habit("long-cut"))
			*response_length = 258;
		if (has_habit("long-empty"))
			*response_length = 0;
		if (has_habit("long-zeros"))
			memset(response + *response_length - 2, 0, 2);
	}
	return result;
}

static int take_keys(char *keys, size_t size)
{
	char path[4096];
	file(path, sizeof path, "keys");
	FILE *pressed = fopen(path, "r");
	if (pressed == NULL)
		return 0;
	keys[fread(keys, 1, size - 1, pressed)] = '\0';
	fclose(pressed);
	unlink(path);
	return 1;
}

/* The number of digits typed, or what the reader says instead. */
static int read_digits(DWORD lun, const PIN_VERIFY_STRUCTURE *verify, unsigned char *digits)
{
	char path[4096], keys[64];
	file(path, sizeof path, "waiting");
	FILE *waiting = fopen(path, "w");
	if (waiting != NULL)
		fclose(waiting);
	time_t end = time(NULL) + verify->bTimerOut;
	int result = TIMED_OUT;
	while (time(NULL) < end) {
		if (IFDHICCPresence(lun) == IFD_ICC_NOT_PRESENT) {
			result = IFD_ICC_NOT_PRESENT;
			break;
		}
		if (!take_keys(keys, sizeof keys)) {
			usleep(20000);
			continue;
		}
		int count = (int)strspn(keys, "0123456789");
		if (keys[count] == 'C')
			result = CANCELLED;
		else if (count < verify->wPINMaxExtraDigit >> 8 ||
			 count > (verify->wPINMaxExtraDigit & 0xFF) || count > MAX_DIGITS)
			result = TOO_SHORT_OR_LONG;
		else {
			memcpy(digits, keys, (size_t)count);
			result = count;
		}
		break;
	}
	memset(keys, 0, sizeof keys);
	unlink(path);
	return result;
}

/* FEATURE_VERIFY_PIN_DIRECT, for what tells where an ASCII PIN goes in whole bytes. */
static RESPONSECODE verify_pin(DWORD lun, PUCHAR sent, DWORD sent_length, PUCHAR response,
			       DWORD response_size, LPDWORD response_length)
{
	const PIN_VERIFY_STRUCTURE *verify = (const PIN_VERIFY_STRUCTURE *)sent;
	unsigned char command[262], digits[MAX_DIGITS];
	if (sent_length < sizeof *verify || verify->ulDataLength < 5 ||
	    verify->ulDataLength > sizeof command ||
	    sent_length != sizeof *verify + verify->ulDataLength || response_size < 2)
		return IFD_COMMUNICATION_ERROR;
	DWORD position = 5 + (verify->bmFormatString >> 3 & 0x0F);
	DWORD block = verify->bmPINBlockString & 0x0F;
	if ((verify->bmFormatString & 0x87) != 0x82 || verify->bmPINBlockString >> 4 != 0 ||
	    verify->bEntryValidationCondition != 0x02 || position + block > verify->ulDataLength)
		return IFD_COMMUNICATION_ERROR;

	int typed = read_digits(lun, verify, digits);
	if (typed == IFD_ICC_NOT_PRESENT)
		return IFD_ICC_NOT_PRESENT;
	if (typed > MAX_DIGITS) {
		response[0] = (unsigned char)(typed >> 8);
		response[1] = (unsigned char)typed;
		*response_length = 2;
		return IFD_SUCCESS;
	}
	if ((DWORD)typed > block)
		return IFD_COMMUNICATION_ERROR;
	memcpy(command, verify->abData, verify->ulDataLength);
	memcpy(command + position, digits, (size_t)typed);
	SCARD_IO_HEADER send = { 1, sizeof send }, receive = { 0, sizeof receive };
	*response_length = response_size;
	RESPONSECODE result = IFDHTransmitToICC(lun, send, command, verify->ulDataLength, response,
						response_length, &receive);
	memset(command, 0, sizeof command);
	memset(digits, 0, sizeof digits);
	return result;
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR sent, DWORD sent_length, PUCHAR response,
			 DWORD response_size, LPDWORD response_length)
{
	static const unsigned char feature[] = {
		FEATURE_VERIFY_PIN_DIRECT, 4, VERIFY_PIN_DIRECT >> 24 & 0xFF,
		VERIFY_PIN_DIRECT >> 16 & 0xFF, VERIFY_PIN_DIRECT >> 8 & 0xFF, VERIFY_PIN_DIRECT & 0xFF,
	};
	*response_length = 0;
	if (code == CM_IOCTL_GET_FEATURE_REQUEST && response_size >= sizeof feature) {
		memcpy(response, feature, sizeof feature);
		*response_length = sizeof feature;
		return IFD_SUCCESS;
	}
	if (code == VERIFY_PIN_DIRECT && has_habit("keys-error"))
		return IFD_COMMUNICATION_ERROR;
	if (code == VERIFY_PIN_DIRECT && has_habit("keys-unknown"))
		return IFD_ERROR_NOT_SUPPORTED;
	if (code == VERIFY_PIN_DIRECT && has_habit("keys-none") && response_size >= 2) {
		response[0] = TIMED_OUT >> 8;
		response[1] = TIMED_OUT & 0xFF;
		*response_length = 2;
		return IFD_SUCCESS;
	}
	if (code == VERIFY_PIN_DIRECT)
		return verify_pin(lun, sent, sent_length, response, response_size, response_length);
	return IFD_ERROR_NOT_SUPPORTED;
}

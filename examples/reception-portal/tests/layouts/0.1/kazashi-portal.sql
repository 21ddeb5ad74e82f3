--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: kazashi_bridge; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_bridge (
    public_key text NOT NULL,
    name text NOT NULL,
    enrolled_at bigint NOT NULL,
    revoked_at bigint
);


--
-- Name: kazashi_enrolment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_enrolment (
    subject text NOT NULL,
    recognition text,
    enrolment text NOT NULL
);


--
-- Name: kazashi_nonce; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_nonce (
    digest text NOT NULL,
    session text NOT NULL,
    method text NOT NULL,
    signed_at bigint,
    expires_at bigint NOT NULL,
    account text,
    issued_at bigint DEFAULT 0 NOT NULL,
    late_until bigint DEFAULT 0 NOT NULL
);


--
-- Name: kazashi_schema; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_schema (
    version bigint NOT NULL
);


--
-- Name: kazashi_session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_session (
    digest text NOT NULL,
    role text NOT NULL,
    account text NOT NULL,
    expires_at bigint NOT NULL
);


--
-- Name: kazashi_terminal_rate; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_terminal_rate (
    subject text NOT NULL,
    full_at bigint NOT NULL
);


--
-- Name: kazashi_terminal_record; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kazashi_terminal_record (
    at bigint NOT NULL,
    session text NOT NULL,
    bridge text NOT NULL,
    outcome text NOT NULL
);


--
-- Name: portal_account; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_account (
    name text NOT NULL,
    role text NOT NULL,
    password text NOT NULL,
    created_at bigint NOT NULL,
    code text
);


--
-- Name: portal_attributes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_attributes (
    subject text NOT NULL,
    name text,
    address text,
    birth_date text,
    sex text,
    integrity text NOT NULL,
    agreed_at bigint NOT NULL,
    search_name text
);


--
-- Name: portal_audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_audit (
    at bigint NOT NULL,
    account text NOT NULL,
    action text NOT NULL,
    subject text,
    line bigint,
    digest text
);


--
-- Name: portal_check; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_check (
    id text NOT NULL,
    request text NOT NULL,
    at bigint NOT NULL,
    session text NOT NULL,
    account text NOT NULL,
    decision text NOT NULL,
    terminal_nonce text,
    card_surface_key text
);


--
-- Name: portal_counter; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_counter (
    name text NOT NULL,
    value bigint NOT NULL
);


--
-- Name: portal_deletion; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_deletion (
    id text NOT NULL,
    request text NOT NULL,
    at bigint NOT NULL,
    visits bigint NOT NULL,
    had_enrolment bigint NOT NULL,
    erasure text DEFAULT 'pending'::text NOT NULL
);


--
-- Name: portal_entry; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_entry (
    id text NOT NULL,
    request text NOT NULL,
    event text NOT NULL,
    ticket text,
    outcome text NOT NULL,
    is_provisional bigint NOT NULL,
    at bigint NOT NULL,
    account text NOT NULL
);


--
-- Name: portal_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_event (
    sequence bigint NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: portal_forgotten; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_forgotten (
    visitor text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: portal_gate_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_gate_event (
    id text NOT NULL,
    name text NOT NULL,
    day text NOT NULL,
    created_at bigint NOT NULL,
    closed_at bigint,
    re_entry bigint DEFAULT 0 NOT NULL,
    key_generation bigint DEFAULT 0 NOT NULL
);


--
-- Name: portal_gate_tag; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_gate_tag (
    subject text NOT NULL,
    tag text NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);


--
-- Name: portal_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_key (
    one bigint NOT NULL,
    fingerprint text NOT NULL,
    CONSTRAINT portal_key_one_check CHECK ((one = 1))
);


--
-- Name: portal_rate; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_rate (
    subject text NOT NULL,
    full_at bigint NOT NULL
);


--
-- Name: portal_schema; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_schema (
    version bigint NOT NULL
);


--
-- Name: portal_session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_session (
    digest text NOT NULL,
    account text NOT NULL,
    seen_at bigint NOT NULL,
    faces_visitors bigint DEFAULT 0 NOT NULL,
    begun_at bigint DEFAULT 0 NOT NULL
);


--
-- Name: portal_suspension; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_suspension (
    subject text NOT NULL,
    at bigint NOT NULL,
    account text NOT NULL
);


--
-- Name: portal_ticket; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_ticket (
    event text NOT NULL,
    ticket text NOT NULL,
    subject text
);


--
-- Name: portal_visit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.portal_visit (
    id text NOT NULL,
    request text NOT NULL,
    day text NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    road text NOT NULL,
    is_returning bigint NOT NULL,
    subject text,
    account text NOT NULL,
    checked text,
    revocation text NOT NULL,
    receipt text NOT NULL,
    recorded_at bigint,
    stay text
);


--
-- Data for Name: kazashi_bridge; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_bridge (public_key, name, enrolled_at, revoked_at) FROM stdin;
6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=	desk-1	1796062309231	\N
\.


--
-- Data for Name: kazashi_enrolment; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_enrolment (subject, recognition, enrolment) FROM stdin;
gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY	\N	{"birthDate":"19800217","cardSurfaceKey":"7E9N6_Hnu7GlG_uWKbv9KbBR-fXowleZf0uOHNWNtsE","subject":"gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY"}
\.


--
-- Data for Name: kazashi_nonce; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_nonce (digest, session, method, signed_at, expires_at, account, issued_at, late_until) FROM stdin;
\.


--
-- Data for Name: kazashi_schema; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_schema (version) FROM stdin;
1
2
\.


--
-- Data for Name: kazashi_session; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_session (digest, role, account, expires_at) FROM stdin;
CKcu6y7IFjzfR-E58lb-_nM5CpDMpYxtTidKf09rz6k	desk	boss	1796091109366
qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	desk	staff	1796091109470
\.


--
-- Data for Name: kazashi_terminal_rate; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_terminal_rate (subject, full_at) FROM stdin;
qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	1796062315981
6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=	1796062315981
\.


--
-- Data for Name: kazashi_terminal_record; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.kazashi_terminal_record (at, session, bridge, outcome) FROM stdin;
1796062309981	qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=	granted
\.


--
-- Data for Name: portal_account; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_account (name, role, password, created_at, code) FROM stdin;
boss	administrator	$argon2id$v=19$m=19456,t=2,p=1$COEF3vx7gBvkPjLkfrNEkw$YlPxwbQC+1E+Am+PFlRRsHCF596CoesrGM4nZ7KmDI8	1796062308851	\N
staff	staff	$argon2id$v=19$m=19456,t=2,p=1$2GynXqP7uUMPLTmGwJMKzg$hAe/TqM6lRLqgon2Y095JCVMT1va9CSMcJVhGom01B0	1796062309052	\N
\.


--
-- Data for Name: portal_attributes; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_attributes (subject, name, address, birth_date, sex, integrity, agreed_at, search_name) FROM stdin;
gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY	番号　花子	\N	1980-02-17	female	genuine	1796062309705	番号花子
\.


--
-- Data for Name: portal_audit; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_audit (at, account, action, subject, line, digest) FROM stdin;
1796062308851	(command line)	account-added	boss	1	cphQHkm0i_gYzsSo8sHjHN-pYUfy6qM1ENBxV-pvK20
1796062309052	(command line)	account-added	staff	2	-OtH5D6IhaXrXOxAv5BLm5i-kTgt5vwdVdaW9MGl49U
1796062309366	boss	sign-in	\N	3	gqzjM8jpmMkBdeXbnJL8OCnj3MzeSMQ-bDg3BG7e97E
1796062309470	staff	sign-in	\N	4	j7LGnP2shasGx9iPC8IidnXF2uY4hhrLgCDEmJaJiQk
1796062309657	staff	visits-exported	2026-12-01	5	BsfcNsUq9FsE_ASQ98Fm2Z92y0wKsa-0rLfMtfLpvbY
1796062309851	staff	check-match	c5c4342f-803e-40ff-b0e5-4614399aae71	6	IRqI1LKlci-w0XfLgaJdldxzt0TKex0zd14voa4J1E8
1796062309981	staff	institution-signed	desk-1 granted	7	ZVkrwD4z6mLCj_ASM8MpfrtVquEnQYVEo3RBaMB4jmw
1796062310125	staff	visitor-forgotten	\N	8	-r2gqf_I9_OD0Li9Frj0BRkkxl58PH56VRL91lgKaDU
1796062310236	staff	people-searched	\N	9	uIutOHpF8lXHroTTskqVJepr4kARzSF9RWr7wxagzXs
1796062310254	staff	person-suspended	\N	10	SvbM85Uwgyllw6M-wD6ktmKTIe36RxFaBCHUMZi7imQ
1796062310264	boss	event-added	e9e55afc-881e-41a6-92ed-7fb20e9b9d4c	11	JgMDQ-ALx7mhaO8bM0XPpdOj1sC8Nx7JQLTnssmI4xI
1796062310286	boss	tickets-imported	e9e55afc-881e-41a6-92ed-7fb20e9b9d4c	12	xJr-M9xoAaPQjbe4EXMGfGeM0rfG5q24w8a11vxZ5dg
1796062310380	staff	board-viewed	2026-12-01	13	jifdU7-0VLWCCvb4fzWWCwfa1RHf7IwsllHLb1nOp30
\.


--
-- Data for Name: portal_check; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_check (id, request, at, session, account, decision, terminal_nonce, card_surface_key) FROM stdin;
c5c4342f-803e-40ff-b0e5-4614399aae71	DQoPus38l3XNig_V9V2dtuTl5RjON2XgkjwopOyH5oc	1796062309851	qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	staff	match	\N	\N
\.


--
-- Data for Name: portal_counter; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_counter (name, value) FROM stdin;
account	2
ready	1
visit 2026-12-01	4
import	1
event	7
record	13
\.


--
-- Data for Name: portal_deletion; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_deletion (id, request, at, visits, had_enrolment, erasure) FROM stdin;
350a161f-88de-4383-9181-a6e18be55f34	YkmI_3IrjG6dYZCoSad6eCxQPY6gr3tGXmfqNGisyi8	1796062310125	1	0	left-to-server
\.


--
-- Data for Name: portal_entry; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_entry (id, request, event, ticket, outcome, is_provisional, at, account) FROM stdin;
8d7a0fd5-d5e9-4dd6-b5f4-73d63b5200a4	QfdPXpIAbteKmzTbsV7OC5TbiDtOIEgphWFUrDlBaL8	e9e55afc-881e-41a6-92ed-7fb20e9b9d4c	A-1	admitted	0	1796062310344	staff
\.


--
-- Data for Name: portal_event; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_event (sequence, kind, id, at) FROM stdin;
1	visit	7f5020ea-3e2a-4526-b324-b86c103d9952	1796062309602
2	visit	2740a1d9-be7e-4257-b072-9546f651cd27	1796062309705
3	check	c5c4342f-803e-40ff-b0e5-4614399aae71	1796062309851
4	visit	ed6063bf-3e87-4109-9334-594e9b73fce0	1796062310075
5	deleted	350a161f-88de-4383-9181-a6e18be55f34	1796062310125
6	visit	fb2068e1-f561-4b69-9b9d-d555645a640f	1796062310209
7	entry	8d7a0fd5-d5e9-4dd6-b5f4-73d63b5200a4	1796062310344
\.


--
-- Data for Name: portal_forgotten; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_forgotten (visitor, at) FROM stdin;
snnWd-KVQKmSr6MN2_niQnd0mWBY2XUXRrtUdvSZyn8	1796062310125
\.


--
-- Data for Name: portal_gate_event; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_gate_event (id, name, day, created_at, closed_at, re_entry, key_generation) FROM stdin;
e9e55afc-881e-41a6-92ed-7fb20e9b9d4c	夏まつり	2026-08-15	1796062310264	\N	0	0
\.


--
-- Data for Name: portal_gate_tag; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_gate_tag (subject, tag, expires_at, revoked_at) FROM stdin;
gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY	2:lk0dPlVhuU7nA2HD2FMszA564udJJ-SOPnmuzbjOoxw	2370956399000	\N
\.


--
-- Data for Name: portal_key; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_key (one, fingerprint) FROM stdin;
1	Cga-0QLcZM4kC0RZebzVNmB19QmPmMVqvC8U34kzUhw
\.


--
-- Data for Name: portal_rate; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_rate (subject, full_at) FROM stdin;
sessions QIaJcAw9mMmf6dyUUw5kcDedIE3FMk_XGQmg5d-LYSM	1796062311247
sign-ins-from-address QIaJcAw9mMmf6dyUUw5kcDedIE3FMk_XGQmg5d-LYSM	1796062319268
nonces qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	1796062311098
views qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU board-viewed 2026-12-01	1796062910380
\.


--
-- Data for Name: portal_schema; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_schema (version) FROM stdin;
1
2
\.


--
-- Data for Name: portal_session; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_session (digest, account, seen_at, faces_visitors, begun_at) FROM stdin;
CKcu6y7IFjzfR-E58lb-_nM5CpDMpYxtTidKf09rz6k	boss	1796062309366	0	1796062309366
qxcgk5rPtrAoGW9XN-8wqiDLHQhDZcBBiuL_nnfDOAU	staff	1796062309470	0	1796062309470
\.


--
-- Data for Name: portal_suspension; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_suspension (subject, at, account) FROM stdin;
-WXRQJEMcbYEft1bZCKJJGa5syUgEiHIIXSu9FqY550	1796062310254	staff
\.


--
-- Data for Name: portal_ticket; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_ticket (event, ticket, subject) FROM stdin;
e9e55afc-881e-41a6-92ed-7fb20e9b9d4c	A-1	gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY
\.


--
-- Data for Name: portal_visit; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.portal_visit (id, request, day, number, at, road, is_returning, subject, account, checked, revocation, receipt, recorded_at, stay) FROM stdin;
7f5020ea-3e2a-4526-b324-b86c103d9952	ofa0LC0-WWTMdj9Qv-BR0lTpocm4eO7yXDv_2aB9NZM	2026-12-01	1	1796062309602	pin	0	gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY	staff	\N	not-checked	{"kept":["visit","pairwise-identifier","card-key-hash","birth-date"],"read":["user-certificate","age-record","signature"],"revocation":{"because":"this server has nobody to ask","status":"not-checked"}}	\N	\N
2740a1d9-be7e-4257-b072-9546f651cd27	c2z0DDEN_zLbuIXPEMzh513ybDd2GBMZ_00xP973zZk	2026-12-01	2	1796062309705	pin	1	gUSaxm3RDo3oPA0g7N1-OeN1UT8XWPCccbrlfvH9TGY	staff	\N	not-checked	{"kept":["visit","pairwise-identifier","name","birth-date","sex","card-key-hash"],"read":["user-certificate","signature","name","address","birth-date","sex"],"revocation":{"because":"this server has nobody to ask","status":"not-checked"}}	\N	\N
ed6063bf-3e87-4109-9334-594e9b73fce0	JSBOp-9sHTsOMH5MKadwk1RmsBXMZyB8KsrJjMnRYKc	2026-12-01	3	1796062310075	visual	0	\N	staff	c5c4342f-803e-40ff-b0e5-4614399aae71	not-checked	{"kept":["visit","pairwise-identifier","check"],"read":["user-certificate","card-face","signature"],"revocation":{"because":"this server has nobody to ask","status":"not-checked"}}	\N	\N
fb2068e1-f561-4b69-9b9d-d555645a640f	gKeF4DvvjEvjmlanUFO2mLKi06o9QELwbK76HTZufmg	2026-12-01	4	1796062310209	pin	0	-WXRQJEMcbYEft1bZCKJJGa5syUgEiHIIXSu9FqY550	staff	\N	not-checked	{"kept":["visit","pairwise-identifier"],"read":["user-certificate","signature"],"revocation":{"because":"this server has nobody to ask","status":"not-checked"}}	\N	\N
\.


--
-- Name: kazashi_bridge kazashi_bridge_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_bridge
    ADD CONSTRAINT kazashi_bridge_pkey PRIMARY KEY (public_key);


--
-- Name: kazashi_enrolment kazashi_enrolment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_enrolment
    ADD CONSTRAINT kazashi_enrolment_pkey PRIMARY KEY (subject);


--
-- Name: kazashi_enrolment kazashi_enrolment_recognition_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_enrolment
    ADD CONSTRAINT kazashi_enrolment_recognition_key UNIQUE (recognition);


--
-- Name: kazashi_nonce kazashi_nonce_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_nonce
    ADD CONSTRAINT kazashi_nonce_pkey PRIMARY KEY (digest);


--
-- Name: kazashi_schema kazashi_schema_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_schema
    ADD CONSTRAINT kazashi_schema_pkey PRIMARY KEY (version);


--
-- Name: kazashi_session kazashi_session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_session
    ADD CONSTRAINT kazashi_session_pkey PRIMARY KEY (digest);


--
-- Name: kazashi_terminal_rate kazashi_terminal_rate_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kazashi_terminal_rate
    ADD CONSTRAINT kazashi_terminal_rate_pkey PRIMARY KEY (subject);


--
-- Name: portal_account portal_account_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_account
    ADD CONSTRAINT portal_account_pkey PRIMARY KEY (name);


--
-- Name: portal_attributes portal_attributes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_attributes
    ADD CONSTRAINT portal_attributes_pkey PRIMARY KEY (subject);


--
-- Name: portal_check portal_check_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_check
    ADD CONSTRAINT portal_check_pkey PRIMARY KEY (id);


--
-- Name: portal_counter portal_counter_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_counter
    ADD CONSTRAINT portal_counter_pkey PRIMARY KEY (name);


--
-- Name: portal_deletion portal_deletion_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_deletion
    ADD CONSTRAINT portal_deletion_pkey PRIMARY KEY (id);


--
-- Name: portal_entry portal_entry_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_entry
    ADD CONSTRAINT portal_entry_pkey PRIMARY KEY (id);


--
-- Name: portal_event portal_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_event
    ADD CONSTRAINT portal_event_pkey PRIMARY KEY (sequence);


--
-- Name: portal_forgotten portal_forgotten_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_forgotten
    ADD CONSTRAINT portal_forgotten_pkey PRIMARY KEY (visitor);


--
-- Name: portal_gate_event portal_gate_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_gate_event
    ADD CONSTRAINT portal_gate_event_pkey PRIMARY KEY (id);


--
-- Name: portal_gate_tag portal_gate_tag_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_gate_tag
    ADD CONSTRAINT portal_gate_tag_pkey PRIMARY KEY (subject);


--
-- Name: portal_key portal_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_key
    ADD CONSTRAINT portal_key_pkey PRIMARY KEY (one);


--
-- Name: portal_rate portal_rate_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_rate
    ADD CONSTRAINT portal_rate_pkey PRIMARY KEY (subject);


--
-- Name: portal_schema portal_schema_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_schema
    ADD CONSTRAINT portal_schema_pkey PRIMARY KEY (version);


--
-- Name: portal_session portal_session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_session
    ADD CONSTRAINT portal_session_pkey PRIMARY KEY (digest);


--
-- Name: portal_suspension portal_suspension_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_suspension
    ADD CONSTRAINT portal_suspension_pkey PRIMARY KEY (subject);


--
-- Name: portal_ticket portal_ticket_event_subject_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_ticket
    ADD CONSTRAINT portal_ticket_event_subject_key UNIQUE (event, subject);


--
-- Name: portal_ticket portal_ticket_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_ticket
    ADD CONSTRAINT portal_ticket_pkey PRIMARY KEY (event, ticket);


--
-- Name: portal_visit portal_visit_checked_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_visit
    ADD CONSTRAINT portal_visit_checked_key UNIQUE (checked);


--
-- Name: portal_visit portal_visit_day_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_visit
    ADD CONSTRAINT portal_visit_day_number_key UNIQUE (day, number);


--
-- Name: portal_visit portal_visit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.portal_visit
    ADD CONSTRAINT portal_visit_pkey PRIMARY KEY (id);


--
-- Name: kazashi_nonce_expiry; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX kazashi_nonce_expiry ON public.kazashi_nonce USING btree (expires_at);


--
-- Name: kazashi_session_expiry; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX kazashi_session_expiry ON public.kazashi_session USING btree (expires_at);


--
-- Name: kazashi_terminal_record_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX kazashi_terminal_record_time ON public.kazashi_terminal_record USING btree (at);


--
-- Name: portal_admission; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX portal_admission ON public.portal_entry USING btree (event, ticket) WHERE (outcome = 'admitted'::text);


--
-- Name: portal_audit_line; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX portal_audit_line ON public.portal_audit USING btree (line);


--
-- Name: portal_audit_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_audit_time ON public.portal_audit USING btree (at);


--
-- Name: portal_check_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_check_time ON public.portal_check USING btree (at);


--
-- Name: portal_session_account; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_session_account ON public.portal_session USING btree (account);


--
-- Name: portal_session_seen; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_session_seen ON public.portal_session USING btree (seen_at);


--
-- Name: portal_ticket_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_ticket_subject ON public.portal_ticket USING btree (subject);


--
-- Name: portal_visit_stay; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX portal_visit_stay ON public.portal_visit USING btree (stay);


--
-- Name: portal_visit_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX portal_visit_subject ON public.portal_visit USING btree (subject);


--
-- PostgreSQL database dump complete
--



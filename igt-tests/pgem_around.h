/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_around share
 */
#ifndef PGEM_AROUND_H
#define PGEM_AROUND_H

#include <stddef.h>
#include <stdint.h>

#include "pgem_lib.h"

/*
 * An object with two mappings: one to give it contents and to see what is in it, and a
 * second one, at a place of the test's choice, in which the test faults.
 */
struct around {
	struct pgem_buf buf;
	uint8_t *map;
	size_t pages;		/* in the second one */
};

/* All pages exist, each with its mark; the second mapping shows all, and is empty. */
void around_init(struct around *around, int fd, size_t pages, size_t skew);

/* Only the pages with a "#" exist; a character each. */
void around_init_holes(struct around *around, int fd, const char *picture, size_t skew);

/* A smaller second mapping, from page @first of the object on */
void around_init_part(struct around *around, int fd, size_t pages, size_t first, size_t count,
		      size_t skew);

void around_fini(struct around *around);

/* A large folio */
#define FOLIO (2 << 20)
#define FOLIO_PAGES (FOLIO / PG)

/*
 * Creates an object of large folios, without a page, and maps it at @skew pages behind
 * where page tables begin.
 */
uint8_t *around_map_huge(int fd, size_t folios, size_t skew, uint32_t *handle);

/* Reads a page of the second mapping, with the mark that it ought to have. */
void around_touch(const struct around *around, size_t page);

/* Takes all pages out of the second mapping's page tables. */
void around_forget(const struct around *around);

/* More subtests; called from igt_main(). */
void around_cut_subtests(void);
void around_path_subtests(void);
void around_race_subtests(void);
void around_gone_subtests(void);
void around_param_subtests(void);

#endif /* PGEM_AROUND_H */

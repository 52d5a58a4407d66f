/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_MODULE_H
#define INFO_MODULE_H

#include <stddef.h>

/**
 * struct info_module_param - a parameter of the pgem module
 */
struct info_module_param {
	/** @name: its name, owned */
	char *name;

	/** @value: its value as sysfs shows it, owned; NULL if it may not be read */
	char *value;
};

/**
 * struct info_module - the parameters of the pgem module
 */
struct info_module {
	/** @params: the parameters in the order of their names, owned */
	struct info_module_param *params;

	/** @count: how many */
	size_t count;
};

/**
 * info_module_read() - read the module's parameters
 * @module: out: the parameters, for info_module_free(); none if sysfs has none
 *
 * Return: 0 or -ENOMEM.
 */
int info_module_read(struct info_module *module);

/**
 * info_module_free() - free what info_module_read() gave
 * @module: the parameters
 */
void info_module_free(struct info_module *module);

#endif /* INFO_MODULE_H */

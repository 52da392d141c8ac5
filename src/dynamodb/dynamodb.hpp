// The whole client library in one include; the extension takes it before postgres.h.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/client.hpp"
#include "dynamodb/clock.hpp"
#include "dynamodb/credentials.hpp"
#include "dynamodb/document.hpp"
#include "dynamodb/document_path.hpp"
#include "dynamodb/endpoint.hpp"
#include "dynamodb/error.hpp"
#include "dynamodb/expression.hpp"
#include "dynamodb/filter.hpp"
#include "dynamodb/item_edit.hpp"
#include "dynamodb/item_reader.hpp"
#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/page_stream.hpp"
#include "dynamodb/plain_document.hpp"
#include "dynamodb/rate_limiter.hpp"
#include "dynamodb/request.hpp"
#include "dynamodb/result.hpp"
#include "dynamodb/table_description.hpp"
#include "dynamodb/write_request.hpp"
#include "dynamodb/value.hpp"

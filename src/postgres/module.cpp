// Entry points of the shared library: magic, settings, and the handler's table of callbacks.
#include <cfloat>

#include "analyze.hpp"
#include "application_name.hpp"
#include "async_scan.hpp"
#include "execute_modify.hpp"
#include "execute_scan.hpp"
#include "explain.hpp"
#include "explain_modify.hpp"
#include "import_schema.hpp"
#include "modify_plan.hpp"
#include "parallel_scan.hpp"
#include "plan_paths.hpp"
#include "progress.hpp"
#include "request_log.hpp"
#include "scan_policy.hpp"
#include "shared_memory.hpp"
#include "table_metadata.hpp"

extern "C" {
#include "utils/guc.h"

PG_MODULE_MAGIC;
PGDLLEXPORT Datum dynamodb_fdw_handler(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(dynamodb_fdw_handler);
PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
  DefineCustomIntVariable(
      "dynamodb_fdw.progress_interval", "Time between the progress messages of a long scan; 0 turns them off.", nullptr,
      &dynamodb_fdw::progress_interval, 10, 0, INT_MAX / 1000, PGC_USERSET, GUC_UNIT_S, nullptr, nullptr, nullptr);
  DefineCustomRealVariable("dynamodb_fdw.max_scan_capacity",
                           "Capacity units a Scan may be expected to consume; 0 sets no limit.",
                           "A Scan whose estimate is higher is an error before it starts.",
                           &dynamodb_fdw::max_scan_capacity, 0, 0, DBL_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  dynamodb_fdw::define_metadata_settings();
  dynamodb_fdw::define_application_settings();
  dynamodb_fdw::define_log_settings();
  MarkGUCPrefixReserved("dynamodb_fdw");
  dynamodb_fdw::prepare_shared_memory();
}

Datum dynamodb_fdw_handler(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  FdwRoutine* routine = makeNode(FdwRoutine);
  routine->GetForeignRelSize = dynamodb_fdw::dynamodbGetForeignRelSize;
  routine->GetForeignPaths = dynamodb_fdw::dynamodbGetForeignPaths;
  routine->GetForeignPlan = dynamodb_fdw::dynamodbGetForeignPlan;
  routine->BeginForeignScan = dynamodb_fdw::dynamodbBeginForeignScan;
  routine->IterateForeignScan = dynamodb_fdw::dynamodbIterateForeignScan;
  routine->ReScanForeignScan = dynamodb_fdw::dynamodbReScanForeignScan;
  routine->EndForeignScan = dynamodb_fdw::dynamodbEndForeignScan;
  routine->ExplainForeignScan = dynamodb_fdw::dynamodbExplainForeignScan;
  routine->IsForeignPathAsyncCapable = dynamodb_fdw::dynamodbIsForeignPathAsyncCapable;
  routine->ForeignAsyncRequest = dynamodb_fdw::dynamodbForeignAsyncRequest;
  routine->ForeignAsyncConfigureWait = dynamodb_fdw::dynamodbForeignAsyncConfigureWait;
  routine->ForeignAsyncNotify = dynamodb_fdw::dynamodbForeignAsyncNotify;
  routine->IsForeignScanParallelSafe = dynamodb_fdw::dynamodbIsForeignScanParallelSafe;
  routine->EstimateDSMForeignScan = dynamodb_fdw::dynamodbEstimateDSMForeignScan;
  routine->InitializeDSMForeignScan = dynamodb_fdw::dynamodbInitializeDSMForeignScan;
  routine->ReInitializeDSMForeignScan = dynamodb_fdw::dynamodbReInitializeDSMForeignScan;
  routine->InitializeWorkerForeignScan = dynamodb_fdw::dynamodbInitializeWorkerForeignScan;
  routine->ShutdownForeignScan = dynamodb_fdw::dynamodbShutdownForeignScan;
  routine->AnalyzeForeignTable = dynamodb_fdw::dynamodbAnalyzeForeignTable;
  routine->ImportForeignSchema = dynamodb_fdw::dynamodbImportForeignSchema;
  routine->IsForeignRelUpdatable = dynamodb_fdw::dynamodbIsForeignRelUpdatable;
  routine->AddForeignUpdateTargets = dynamodb_fdw::dynamodbAddForeignUpdateTargets;
  routine->PlanForeignModify = dynamodb_fdw::dynamodbPlanForeignModify;
  routine->BeginForeignModify = dynamodb_fdw::dynamodbBeginForeignModify;
  routine->BeginForeignInsert = dynamodb_fdw::dynamodbBeginForeignInsert;
  routine->ExecForeignInsert = dynamodb_fdw::dynamodbExecForeignInsert;
  routine->ExecForeignBatchInsert = dynamodb_fdw::dynamodbExecForeignBatchInsert;
  routine->GetForeignModifyBatchSize = dynamodb_fdw::dynamodbGetForeignModifyBatchSize;
  routine->ExecForeignUpdate = dynamodb_fdw::dynamodbExecForeignUpdate;
  routine->ExecForeignDelete = dynamodb_fdw::dynamodbExecForeignDelete;
  routine->EndForeignModify = dynamodb_fdw::dynamodbEndForeignModify;
  routine->EndForeignInsert = dynamodb_fdw::dynamodbEndForeignModify;
  routine->ExplainForeignModify = dynamodb_fdw::dynamodbExplainForeignModify;
  routine->ExecForeignTruncate = dynamodb_fdw::dynamodbExecForeignTruncate;
  PG_RETURN_POINTER(routine);
}
}

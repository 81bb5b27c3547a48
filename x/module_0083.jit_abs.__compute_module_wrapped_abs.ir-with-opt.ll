; ModuleID = '__compute_module___compute_module_wrapped_abs'
source_filename = "__compute_module___compute_module_wrapped_abs"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_abs(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %8 = load ptr, ptr %7, align 8
  %9 = load i64, ptr %8, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %9, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1, %.lr.ph
  %10 = phi i64 [ %42, %.lr.ph ], [ 0, %1 ]
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %11 = shl nuw nsw i64 %10, 4
  %12 = getelementptr [4 x i8], ptr %4, i64 %11
  %.sroa.0.0.copyload = load <8 x float>, ptr %12, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 32
  %.sroa.4.0.copyload = load <8 x float>, ptr %.sroa.4.0..sroa_idx, align 1
  %13 = alloca [16 x float], align 64
  %14 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.0.0.copyload)
  store <8 x float> %14, ptr %13, align 64
  %15 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.4.0.copyload)
  %16 = getelementptr inbounds nuw i8, ptr %13, i64 32
  store <8 x float> %15, ptr %16, align 32
  %17 = getelementptr [4 x i8], ptr %6, i64 %11
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %17, ptr noundef nonnull align 64 dereferenceable(64) %13, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  %18 = shl i64 %10, 4
  %19 = or disjoint i64 %18, 16
  %20 = getelementptr [4 x i8], ptr %4, i64 %19
  %.sroa.0.0.copyload.1 = load <8 x float>, ptr %20, align 1
  %.sroa.4.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %20, i64 32
  %.sroa.4.0.copyload.1 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.1, align 1
  %21 = alloca [16 x float], align 64
  %22 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.0.0.copyload.1)
  store <8 x float> %22, ptr %21, align 64
  %23 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.4.0.copyload.1)
  %24 = getelementptr inbounds nuw i8, ptr %21, i64 32
  store <8 x float> %23, ptr %24, align 32
  %25 = getelementptr [4 x i8], ptr %6, i64 %19
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %25, ptr noundef nonnull align 64 dereferenceable(64) %21, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %savedstack.2 = tail call ptr @llvm.stacksave.p0()
  %26 = shl i64 %10, 4
  %27 = or disjoint i64 %26, 32
  %28 = getelementptr [4 x i8], ptr %4, i64 %27
  %.sroa.0.0.copyload.2 = load <8 x float>, ptr %28, align 1
  %.sroa.4.0..sroa_idx.2 = getelementptr inbounds nuw i8, ptr %28, i64 32
  %.sroa.4.0.copyload.2 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.2, align 1
  %29 = alloca [16 x float], align 64
  %30 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.0.0.copyload.2)
  store <8 x float> %30, ptr %29, align 64
  %31 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.4.0.copyload.2)
  %32 = getelementptr inbounds nuw i8, ptr %29, i64 32
  store <8 x float> %31, ptr %32, align 32
  %33 = getelementptr [4 x i8], ptr %6, i64 %27
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %33, ptr noundef nonnull align 64 dereferenceable(64) %29, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.2)
  %savedstack.3 = tail call ptr @llvm.stacksave.p0()
  %34 = shl i64 %10, 4
  %35 = or disjoint i64 %34, 48
  %36 = getelementptr [4 x i8], ptr %4, i64 %35
  %.sroa.0.0.copyload.3 = load <8 x float>, ptr %36, align 1
  %.sroa.4.0..sroa_idx.3 = getelementptr inbounds nuw i8, ptr %36, i64 32
  %.sroa.4.0.copyload.3 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.3, align 1
  %37 = alloca [16 x float], align 64
  %38 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.0.0.copyload.3)
  store <8 x float> %38, ptr %37, align 64
  %39 = tail call <8 x float> @llvm.fabs.v8f32(<8 x float> %.sroa.4.0.copyload.3)
  %40 = getelementptr inbounds nuw i8, ptr %37, i64 32
  store <8 x float> %39, ptr %40, align 32
  %41 = getelementptr [4 x i8], ptr %6, i64 %35
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %41, ptr noundef nonnull align 64 dereferenceable(64) %37, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.3)
  %42 = add nuw nsw i64 %10, 4
  %exitcond.not.3 = icmp eq i64 %42, 64
  br i1 %exitcond.not.3, label %._crit_edge, label %.lr.ph

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare <8 x float> @llvm.fabs.v8f32(<8 x float>) #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #3

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #3

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #3 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}

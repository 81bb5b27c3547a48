; ModuleID = '__compute_module___compute_module_wrapped_subtract'
source_filename = "__compute_module___compute_module_wrapped_subtract"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_subtract(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3
  %9 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %10 = load ptr, ptr %9, align 8
  %11 = load i64, ptr %10, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %11, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1, %.lr.ph
  %12 = phi i64 [ %64, %.lr.ph ], [ 0, %1 ]
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %13 = shl nuw nsw i64 %12, 4
  %14 = getelementptr [4 x i8], ptr %4, i64 %13
  %.sroa.0.0.copyload = load <8 x float>, ptr %14, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 32
  %.sroa.4.0.copyload = load <8 x float>, ptr %.sroa.4.0..sroa_idx, align 1
  %15 = alloca [16 x float], align 4
  %16 = getelementptr [4 x i8], ptr %6, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %15, ptr noundef nonnull align 1 dereferenceable(64) %16, i64 64, i1 false)
  %17 = alloca [16 x float], align 64
  %18 = load <8 x float>, ptr %15, align 4
  %19 = fsub <8 x float> %.sroa.0.0.copyload, %18
  store <8 x float> %19, ptr %17, align 64
  %20 = getelementptr inbounds nuw i8, ptr %15, i64 32
  %21 = load <8 x float>, ptr %20, align 4
  %22 = fsub <8 x float> %.sroa.4.0.copyload, %21
  %23 = getelementptr inbounds nuw i8, ptr %17, i64 32
  store <8 x float> %22, ptr %23, align 32
  %24 = getelementptr [4 x i8], ptr %8, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %24, ptr noundef nonnull align 64 dereferenceable(64) %17, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  %25 = shl i64 %12, 4
  %26 = or disjoint i64 %25, 16
  %27 = getelementptr [4 x i8], ptr %4, i64 %26
  %.sroa.0.0.copyload.1 = load <8 x float>, ptr %27, align 1
  %.sroa.4.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %27, i64 32
  %.sroa.4.0.copyload.1 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.1, align 1
  %28 = alloca [16 x float], align 4
  %29 = getelementptr [4 x i8], ptr %6, i64 %26
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %28, ptr noundef nonnull align 1 dereferenceable(64) %29, i64 64, i1 false)
  %30 = alloca [16 x float], align 64
  %31 = load <8 x float>, ptr %28, align 4
  %32 = fsub <8 x float> %.sroa.0.0.copyload.1, %31
  store <8 x float> %32, ptr %30, align 64
  %33 = getelementptr inbounds nuw i8, ptr %28, i64 32
  %34 = load <8 x float>, ptr %33, align 4
  %35 = fsub <8 x float> %.sroa.4.0.copyload.1, %34
  %36 = getelementptr inbounds nuw i8, ptr %30, i64 32
  store <8 x float> %35, ptr %36, align 32
  %37 = getelementptr [4 x i8], ptr %8, i64 %26
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %37, ptr noundef nonnull align 64 dereferenceable(64) %30, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %savedstack.2 = tail call ptr @llvm.stacksave.p0()
  %38 = shl i64 %12, 4
  %39 = or disjoint i64 %38, 32
  %40 = getelementptr [4 x i8], ptr %4, i64 %39
  %.sroa.0.0.copyload.2 = load <8 x float>, ptr %40, align 1
  %.sroa.4.0..sroa_idx.2 = getelementptr inbounds nuw i8, ptr %40, i64 32
  %.sroa.4.0.copyload.2 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.2, align 1
  %41 = alloca [16 x float], align 4
  %42 = getelementptr [4 x i8], ptr %6, i64 %39
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %41, ptr noundef nonnull align 1 dereferenceable(64) %42, i64 64, i1 false)
  %43 = alloca [16 x float], align 64
  %44 = load <8 x float>, ptr %41, align 4
  %45 = fsub <8 x float> %.sroa.0.0.copyload.2, %44
  store <8 x float> %45, ptr %43, align 64
  %46 = getelementptr inbounds nuw i8, ptr %41, i64 32
  %47 = load <8 x float>, ptr %46, align 4
  %48 = fsub <8 x float> %.sroa.4.0.copyload.2, %47
  %49 = getelementptr inbounds nuw i8, ptr %43, i64 32
  store <8 x float> %48, ptr %49, align 32
  %50 = getelementptr [4 x i8], ptr %8, i64 %39
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %50, ptr noundef nonnull align 64 dereferenceable(64) %43, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.2)
  %savedstack.3 = tail call ptr @llvm.stacksave.p0()
  %51 = shl i64 %12, 4
  %52 = or disjoint i64 %51, 48
  %53 = getelementptr [4 x i8], ptr %4, i64 %52
  %.sroa.0.0.copyload.3 = load <8 x float>, ptr %53, align 1
  %.sroa.4.0..sroa_idx.3 = getelementptr inbounds nuw i8, ptr %53, i64 32
  %.sroa.4.0.copyload.3 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.3, align 1
  %54 = alloca [16 x float], align 4
  %55 = getelementptr [4 x i8], ptr %6, i64 %52
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %54, ptr noundef nonnull align 1 dereferenceable(64) %55, i64 64, i1 false)
  %56 = alloca [16 x float], align 64
  %57 = load <8 x float>, ptr %54, align 4
  %58 = fsub <8 x float> %.sroa.0.0.copyload.3, %57
  store <8 x float> %58, ptr %56, align 64
  %59 = getelementptr inbounds nuw i8, ptr %54, i64 32
  %60 = load <8 x float>, ptr %59, align 4
  %61 = fsub <8 x float> %.sroa.4.0.copyload.3, %60
  %62 = getelementptr inbounds nuw i8, ptr %56, i64 32
  store <8 x float> %61, ptr %62, align 32
  %63 = getelementptr [4 x i8], ptr %8, i64 %52
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %63, ptr noundef nonnull align 64 dereferenceable(64) %56, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.3)
  %64 = add nuw nsw i64 %12, 4
  %exitcond.not.3 = icmp eq i64 %64, 64
  br i1 %exitcond.not.3, label %._crit_edge, label %.lr.ph

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}

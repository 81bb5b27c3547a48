; ModuleID = '__compute_module___compute_module_wrapped_divide'
source_filename = "__compute_module___compute_module_wrapped_divide"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_divide(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %.sroa.0 = alloca [8 x float], align 4
  %.sroa.4 = alloca [8 x float], align 4
  %.sroa.013 = alloca [8 x float], align 4
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
  %12 = icmp slt i64 %11, 1
  br i1 %12, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1
  %savedstack = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %4, i64 32, i1 false)
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx, i64 32, i1 false)
  %13 = alloca [16 x float], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %13, ptr noundef nonnull align 1 dereferenceable(64) %6, i64 64, i1 false)
  %14 = alloca [16 x float], align 64
  %15 = load <8 x float>, ptr %.sroa.0, align 4
  %16 = load <8 x float>, ptr %13, align 4
  %17 = fdiv <8 x float> %15, %16
  store <8 x float> %17, ptr %14, align 64
  %18 = load <8 x float>, ptr %.sroa.4, align 4
  %19 = getelementptr i8, ptr %13, i64 32
  %20 = load <8 x float>, ptr %19, align 4
  %21 = fdiv <8 x float> %18, %20
  %22 = getelementptr inbounds nuw i8, ptr %14, i64 32
  store <8 x float> %21, ptr %22, align 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %8, ptr noundef nonnull align 64 dereferenceable(64) %14, i64 64, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %23 = getelementptr i8, ptr %4, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %23, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.1 = getelementptr i8, ptr %4, i64 96
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.1, i64 32, i1 false)
  %24 = alloca [16 x float], align 4
  %25 = getelementptr i8, ptr %6, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %24, ptr noundef nonnull align 1 dereferenceable(64) %25, i64 64, i1 false)
  %26 = alloca [16 x float], align 64
  %27 = load <8 x float>, ptr %.sroa.0, align 4
  %28 = load <8 x float>, ptr %24, align 4
  %29 = fdiv <8 x float> %27, %28
  store <8 x float> %29, ptr %26, align 64
  %30 = load <8 x float>, ptr %.sroa.4, align 4
  %31 = getelementptr i8, ptr %24, i64 32
  %32 = load <8 x float>, ptr %31, align 4
  %33 = fdiv <8 x float> %30, %32
  %34 = getelementptr inbounds nuw i8, ptr %26, i64 32
  store <8 x float> %33, ptr %34, align 32
  %35 = getelementptr i8, ptr %8, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %35, ptr noundef nonnull align 64 dereferenceable(64) %26, i64 64, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %savedstack.2 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %36 = getelementptr i8, ptr %4, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %36, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.2 = getelementptr i8, ptr %4, i64 160
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.2, i64 32, i1 false)
  %37 = alloca [16 x float], align 4
  %38 = getelementptr i8, ptr %6, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %37, ptr noundef nonnull align 1 dereferenceable(64) %38, i64 64, i1 false)
  %39 = alloca [16 x float], align 64
  %40 = load <8 x float>, ptr %.sroa.0, align 4
  %41 = load <8 x float>, ptr %37, align 4
  %42 = fdiv <8 x float> %40, %41
  store <8 x float> %42, ptr %39, align 64
  %43 = load <8 x float>, ptr %.sroa.4, align 4
  %44 = getelementptr i8, ptr %37, i64 32
  %45 = load <8 x float>, ptr %44, align 4
  %46 = fdiv <8 x float> %43, %45
  %47 = getelementptr inbounds nuw i8, ptr %39, i64 32
  store <8 x float> %46, ptr %47, align 32
  %48 = getelementptr i8, ptr %8, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %48, ptr noundef nonnull align 64 dereferenceable(64) %39, i64 64, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.2)
  %savedstack.3 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %49 = getelementptr i8, ptr %4, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %49, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.3 = getelementptr i8, ptr %4, i64 224
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.3, i64 32, i1 false)
  %50 = alloca [16 x float], align 4
  %51 = getelementptr i8, ptr %6, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %50, ptr noundef nonnull align 1 dereferenceable(64) %51, i64 64, i1 false)
  %52 = alloca [16 x float], align 64
  %53 = load <8 x float>, ptr %.sroa.0, align 4
  %54 = load <8 x float>, ptr %50, align 4
  %55 = fdiv <8 x float> %53, %54
  store <8 x float> %55, ptr %52, align 64
  %56 = load <8 x float>, ptr %.sroa.4, align 4
  %57 = getelementptr i8, ptr %50, i64 32
  %58 = load <8 x float>, ptr %57, align 4
  %59 = fdiv <8 x float> %56, %58
  %60 = getelementptr inbounds nuw i8, ptr %52, i64 32
  store <8 x float> %59, ptr %60, align 32
  %61 = getelementptr i8, ptr %8, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %61, ptr noundef nonnull align 64 dereferenceable(64) %52, i64 64, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.3)
  %scevgep9.4 = getelementptr i8, ptr %8, i64 256
  %savedstack.4 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %scevgep.4 = getelementptr i8, ptr %4, i64 256
  %scevgep6.4 = getelementptr i8, ptr %6, i64 256
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.013, ptr noundef nonnull align 4 dereferenceable(32) %scevgep.4, i64 32, i1 false)
  %62 = alloca [16 x float], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %62, ptr noundef nonnull align 4 dereferenceable(32) %scevgep6.4, i64 32, i1 false)
  %63 = alloca [16 x float], align 64
  %64 = load <8 x float>, ptr %.sroa.013, align 4
  %65 = load <8 x float>, ptr %62, align 4
  %66 = fdiv <8 x float> %64, %65
  store <8 x float> %66, ptr %63, align 64
  %67 = getelementptr inbounds nuw i8, ptr %63, i64 32
  store <8 x float> splat (float +qnan), ptr %67, align 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %scevgep9.4, ptr noundef nonnull align 64 dereferenceable(32) %63, i64 32, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.4)
  br label %._crit_edge

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(ptr captures(none)) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(ptr captures(none)) #1

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
